import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createSecureContext } from 'node:tls';

/** One PEM of the settings. */
export interface PemSource {
  /** For errors: `tls.all.certificate_authorities`. */
  readonly setting: string;
  /** The PEM itself, as `${file.…}` gives it, or the path of a file, which is then followed. */
  readonly value: string;
}

/** What one side of TLS shows and trusts, as the settings say it. */
export interface TlsSources {
  /** Whom it trusts; those of the system without it. */
  readonly authorities?: PemSource | undefined;
  /** What it shows of itself: its certificate, then the intermediate ones. */
  readonly chain?: PemSource | undefined;
  /** The private key of the first certificate of the chain. */
  readonly key?: PemSource | undefined;
}

/** The same, read and checked. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** When each PEM of it ends to be of use. */
  readonly expiries: readonly CertificateExpiry[];
}

export interface CertificateExpiry {
  readonly setting: string;
  readonly expiresAt: Date;
}

/** Larger than any bundle of a system: those have some hundred kilobytes. */
const MAX_PEM_BYTES = 2_000_000;

/** The files that sources name, absolute. */
export function filesOf(sources: TlsSources, cwd: string): readonly string[] {
  return Object.values(sources)
    .filter((source): source is PemSource => source !== undefined && !isPem(source.value))
    .map(({ value }) => path.resolve(cwd, value));
}

/**
 * Reads and checks all of it: that it is PEM, that the key belongs to the certificate, that nothing has expired.
 * @throws Error whose message begins with the setting
 */
export function readTlsMaterial(
  { authorities, chain, key }: TlsSources,
  { cwd, now = new Date() }: { readonly cwd: string; readonly now?: Date },
): TlsMaterial {
  const expiries: CertificateExpiry[] = [];
  const material: { -readonly [Key in 'ca' | 'cert' | 'key']: string | undefined } = {
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  if (authorities !== undefined) {
    const { pem, certificates } = readCertificates(authorities, cwd);
    material.ca = pem;
    // bundles hold some that have expired; they trust somebody as long as one has not
    const last = new Date(Math.max(...certificates.map((each) => each.validToDate.getTime())));
    refuseExpired(authorities, last, now);
    expiries.push({ setting: authorities.setting, expiresAt: last });
  }
  if (chain !== undefined && key !== undefined) {
    const { pem, certificates } = readCertificates(chain, cwd);
    material.cert = pem;
    material.key = readPem(key, cwd);
    const [own] = certificates;
    if (own?.checkPrivateKey(privateKeyOf(key, material.key)) !== true) {
      throw problem(key, `is not the key of the first certificate of ${chain.setting}`);
    }
    const from = new Date(Math.max(...certificates.map((each) => each.validFromDate.getTime())));
    if (from > now)
      throw problem(chain, `holds a certificate that is not valid before ${from.toISOString()}`);
    const first = new Date(Math.min(...certificates.map((each) => each.validToDate.getTime())));
    refuseExpired(chain, first, now);
    expiries.push({ setting: chain.setting, expiresAt: first });
  }
  try {
    // what OpenSSL does not take is refused here, and not at the first connection: keys that are too short, for instance
    createSecureContext({ ...material, minVersion: 'TLSv1.2' });
  } catch (cause) {
    throw problem(
      chain ?? authorities ?? { setting: 'tls', value: '' },
      `cannot be used: ${wordsOf(cause)}`,
      cause,
    );
  }
  return { ...material, expiries };
}

interface ReadCertificates {
  readonly pem: string;
  readonly certificates: readonly (X509Certificate & DatedCertificate)[];
}

/** Only the types of later versions of Node.js have them as dates. */
interface DatedCertificate {
  readonly validFromDate: Date;
  readonly validToDate: Date;
}

function readCertificates(source: PemSource, cwd: string): ReadCertificates {
  const pem = readPem(source, cwd);
  const blocks =
    pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g) ??
    [];
  if (blocks.length === 0) throw problem(source, 'holds no certificate in PEM');
  const certificates = blocks.map((block, index) => {
    try {
      const certificate = new X509Certificate(block);
      return Object.assign(certificate, {
        validFromDate: new Date(certificate.validFrom),
        validToDate: new Date(certificate.validTo),
      });
    } catch (cause) {
      throw problem(source, `holds a certificate that cannot be read, number ${index + 1}`, cause);
    }
  });
  return { pem, certificates };
}

function privateKeyOf(source: PemSource, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const isEncrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem);
    throw problem(
      source,
      isEncrypted ? 'is encrypted; give the key without a passphrase' : 'holds no private key in PEM',
      cause,
    );
  }
}

function isPem(value: string): boolean {
  return value.includes('-----BEGIN ');
}

function readPem(source: PemSource, cwd: string): string {
  if (isPem(source.value)) return source.value;
  const file = path.resolve(cwd, source.value);
  try {
    const stats = statSync(file);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (stats.size > MAX_PEM_BYTES) throw new Error(`it is larger than ${MAX_PEM_BYTES} bytes`);
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw problem(source, `could not be read: ${wordsOf(cause)}`, cause);
  }
}

function refuseExpired(source: PemSource, expiresAt: Date, now: Date): void {
  if (expiresAt <= now) throw problem(source, `has expired on ${expiresAt.toISOString()}`);
}

function problem({ setting }: PemSource, words: string, cause?: unknown): Error {
  return new Error(`${setting}: ${words}`, { cause });
}

function wordsOf(cause: unknown): string {
  return (cause as Partial<Error> | undefined)?.message ?? String(cause);
}
