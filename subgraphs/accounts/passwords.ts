import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

// OWASP Password Storage Cheat Sheet, scrypt: N = 2^15, r = 8, p = 3 is one of its equivalent settings
const cost = { N: 32_768, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const keyBytes = 32;

/** Hashes a password to `scrypt:<salt>:<hash>`, both in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password.normalize('NFKC'), salt, keyBytes, cost);
  return `scrypt:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/**
 * Whether a password is the one that was hashed. Without a hash (an unknown user, or one without a password) it works
 * just as long and answers false, so that the time taken does not tell which usernames exist.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [, salt, hash] = stored?.split(':') ?? [];
  const expected = hash ? Buffer.from(hash, 'base64url') : Buffer.alloc(keyBytes);
  const actual = await derive(
    password.normalize('NFKC'),
    salt ? Buffer.from(salt, 'base64url') : Buffer.alloc(16),
    keyBytes,
    cost,
  );
  return timingSafeEqual(actual, expected) && hash !== undefined;
}
