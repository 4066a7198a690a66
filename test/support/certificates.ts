import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/*
 * X.509 certificates for tests, since Node.js reads them and makes none.
 * Source: RFC 5280, §4.1 (Certificate) and §4.2.1 (extensions); X.690 (DER).
 */

/** A certificate with its key, as PEM. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certified {
  /** Issues a certificate for names and addresses, `localhost` and `127.0.0.1` unless said otherwise. */
  issue(options?: IssueOptions): Certified;
}

export interface IssueOptions {
  readonly commonName?: string;
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const DAY_MS = 86_400_000;

/** A certificate authority of its own, with a new key. */
export function certificateAuthority(commonName = 'Test authority'): Authority {
  const keys = newKeys();
  const cert = certificateOf({
    subject: commonName,
    issuer: commonName,
    publicKey: keys.publicKey,
    issuerKey: keys.privateKey,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 3650 * DAY_MS),
    // id-ce-basicConstraints, critical: cA = TRUE
    extensions: [
      sequence(
        oid('551d13'),
        der(0x01, Buffer.from([0xff])),
        octets(sequence(der(0x01, Buffer.from([0xff])))),
      ),
    ],
  });
  return {
    cert,
    key: pemOfKey(keys.privateKey),
    issue({
      commonName: subject = 'localhost',
      names = ['localhost', '127.0.0.1'],
      notBefore = new Date(Date.now() - DAY_MS),
      notAfter = new Date(Date.now() + 365 * DAY_MS),
    } = {}) {
      const own = newKeys();
      return {
        cert: certificateOf({
          subject,
          issuer: commonName,
          publicKey: own.publicKey,
          issuerKey: keys.privateKey,
          notBefore,
          notAfter,
          // id-ce-subjectAltName: dNSName [2], iPAddress [7]
          extensions: [sequence(oid('551d11'), octets(sequence(...names.map(alternativeName))))],
        }),
        key: pemOfKey(own.privateKey),
      };
    },
  };
}

interface CertificateParts {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly issuerKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}

function certificateOf(parts: CertificateParts): string {
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(parts.issuer),
    sequence(timeOf(parts.notBefore), timeOf(parts.notAfter)),
    nameOf(parts.subject),
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...parts.extensions)),
  );
  const signature = sign('sha256', toBeSigned, parts.issuerKey);
  const certificate = sequence(
    toBeSigned,
    ecdsaWithSha256,
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

const pemOfKey = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80
      ? Buffer.from([length])
      : length < 0x100
        ? Buffer.from([0x81, length])
        : Buffer.from([0x82, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), size, content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const octets = (content: Buffer): Buffer => der(0x04, content);

/** One relative name: id-at-commonName. */
const nameOf = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(commonName)))));

/** GeneralizedTime `YYYYMMDDHHMMSSZ` from 2050, UTCTime before. */
function timeOf(date: Date): Buffer {
  const text = `${date.toISOString().replaceAll(/[-:T]|\..*$/g, '')}Z`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 4
    ? der(0x87, Buffer.from(name.split('.').map(Number)))
    : der(0x82, Buffer.from(name));
}
