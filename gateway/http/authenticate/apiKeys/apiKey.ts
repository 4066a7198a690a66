import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * An API key: `tributary_<id>_<secret>`. The prefix lets scanners of repositories find one that was committed; the id finds
 * its row without anything secret; the secret is 256 random bits.
 */
export interface ApiKey {
  readonly id: string;
  readonly secret: string;
}

const PREFIX = 'tributary';
const FORM = new RegExp(`^${PREFIX}_([0-9a-f]{16})_([\\w-]{43})$`);

/** A new id, for a key that is issued. */
export function newKeyId(): string {
  return randomBytes(8).toString('hex');
}

/** A new secret, for a key that is issued or rotated. */
export function newKeySecret(): string {
  return randomBytes(32).toString('base64url');
}

export function writeApiKey({ id, secret }: ApiKey): string {
  return `${PREFIX}_${id}_${secret}`;
}

/** @returns `undefined` for a text that is no API key of ours */
export function readApiKey(text: string): ApiKey | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * What is stored of a secret. A plain SHA-256 is right here: what it hides has 256 random bits, which no list of guesses
 * reaches; a slow hash, as for passwords, would only make each request slow.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares in constant time. */
export function isSecretOf(hash: string | null, secret: string): boolean {
  const given = Buffer.from(hashSecret(secret), 'hex');
  const stored = Buffer.from(hash ?? '', 'hex');
  return stored.length === given.length && timingSafeEqual(given, stored);
}
