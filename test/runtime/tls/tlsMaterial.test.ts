import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readTlsMaterial, type TlsSources } from '../../../gateway/runtime/tls/tlsMaterial.ts';
import { certificateAuthority } from '../../support/certificates.ts';

const DAY_MS = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

const authority = certificateAuthority();
// certificates hold whole seconds
const ends = new Date(Math.floor(inDays(30).getTime() / 1000) * 1000);
const own = authority.issue({ notAfter: ends });
const other = authority.issue();
const expired = authority.issue({ notBefore: inDays(-9), notAfter: inDays(-1) });
const early = authority.issue({ notBefore: inDays(1), notAfter: inDays(9) });

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'tributary-tls-'));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const authorities = (value: string): TlsSources => ({ authorities: { setting: 'ca', value } });
const identity = (chain: string, key: string): TlsSources => ({
  chain: { setting: 'chain', value: chain },
  key: { setting: 'key', value: key },
});

describe('tls material: what is read', () => {
  test('is PEM of the settings, or of files that they name', () => {
    writeFileSync(path.join(cwd, 'own.pem'), own.cert);
    const inline = readTlsMaterial(
      { ...authorities(authority.cert), ...identity(own.cert, own.key) },
      { cwd },
    );
    const named = readTlsMaterial(
      { ...authorities(authority.cert), ...identity('own.pem', own.key) },
      { cwd },
    );
    expect(named).toEqual(inline);
    expect(inline).toMatchObject({ ca: authority.cert, cert: own.cert, key: own.key });
  });

  test('of a chain, the first to expire is what counts; of authorities, the last', () => {
    const [first] = readTlsMaterial(identity(own.cert + other.cert, own.key), { cwd }).expiries;
    const [last] = readTlsMaterial(authorities(expired.cert + own.cert), { cwd }).expiries;
    expect([first?.expiresAt, last?.expiresAt]).toEqual([ends, ends]);
  });

  test('may be one file of certificate and key', () => {
    const both = own.cert + own.key;
    expect(readTlsMaterial(identity(both, both), { cwd }).key).toBe(both);
  });
});

describe('tls material: what is refused, by its setting', () => {
  const encrypted = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  }).privateKey;
  const short = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });

  const refused: readonly [string, TlsSources, RegExp][] = [
    ['a file that is not there', authorities('none.pem'), /^ca: could not be read: ENOENT/],
    ['a folder', authorities('.'), /^ca: could not be read: it is not a regular file$/],
    ['a key in place of authorities', authorities(own.key), /^ca: holds no certificate in PEM$/],
    [
      'PEM with a certificate that is none',
      authorities('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
      /^ca: holds a certificate that cannot be read, number 1$/,
    ],
    ['authorities that have expired, all of them', authorities(expired.cert), /^ca: has expired on \d{4}-/],
    ['a chain that has expired', identity(expired.cert, expired.key), /^chain: has expired on \d{4}-/],
    [
      'a chain that is not valid yet',
      identity(early.cert, early.key),
      /^chain: holds a certificate that is not valid before \d{4}-/,
    ],
    [
      'a key of another certificate',
      identity(own.cert, other.key),
      /^key: is not the key of the first certificate of chain$/,
    ],
    ['a key that is none', identity(own.cert, own.cert), /^key: holds no private key in PEM$/],
    [
      'an encrypted key',
      identity(own.cert, encrypted),
      /^key: is encrypted; give the key without a passphrase$/,
    ],
    ['a key of another kind', identity(own.cert, String(short)), /^key: is not the key/],
  ];

  test.each(refused)('%s', (_what, sources, message) => {
    expect(() => readTlsMaterial(sources, { cwd })).toThrow(message);
  });
});
