import { importJWK, type JWK } from 'jose';
import type { JwtAlgorithm } from './jwtSettings.ts';

/** A key that verifies. */
export interface VerificationKey {
  readonly kid: string | undefined;
  /** Whether signatures of an algorithm can be checked with it. */
  fits(algorithm: JwtAlgorithm): boolean;
  /** @throws when the key cannot be used with the algorithm after all */
  import(algorithm: JwtAlgorithm): Promise<CryptoKey | Uint8Array>;
}

type CryptoKey = Exclude<Awaited<ReturnType<typeof importJWK>>, Uint8Array>;

/** Far above what issuers publish; each key of a set may be tried for a token that names none. */
const MAX_KEYS = 100;
/** Source: RFC 7518 §3.3, "A key of size 2048 bits or larger MUST be used". */
const MIN_RSA_BYTES = 256;
/** Source: RFC 7518 §3.2: as long as the hash, or longer. */
const MIN_SECRET_BYTES = 32;

/**
 * Reads a JSON Web Key Set. Keys that cannot verify are passed over: others may be for encryption, or of a newer kind.
 * Of a key that holds its private half, only the public half is taken.
 *
 * @param allowsSecrets whether keys of type `oct` count; they do in a file of this machine, never in what came over HTTP
 * @throws Error with words for the log when it is no key set, or has no key that verifies
 * Source: RFC 7517 §4 and §5.
 */
export function readKeySet(
  text: string,
  { allowsSecrets }: { readonly allowsSecrets: boolean },
): readonly VerificationKey[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  const keys = isRecord(parsed) ? parsed.keys : undefined;
  if (!Array.isArray(keys)) throw new Error('it is not a JSON Web Key Set: it has no list `keys`');
  if (keys.length > MAX_KEYS) throw new Error(`it has ${keys.length} keys, and ${MAX_KEYS} are allowed`);
  const usable = keys.flatMap((key: unknown) => {
    const jwk = isRecord(key) ? verifyingPart(key) : undefined;
    return jwk === undefined || (jwk.kty === 'oct' && !allowsSecrets) ? [] : [verificationKey(jwk)];
  });
  if (usable.length === 0) throw new Error('it has no key that verifies signatures');
  return usable;
}

/** The key of a secret that both sides know. */
export function secretKey(secret: string, kid: string | undefined): VerificationKey {
  return verificationKey({
    kty: 'oct',
    k: Buffer.from(secret).toString('base64url'),
    ...(kid === undefined ? {} : { kid }),
  });
}

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  oct: ['k'],
};

function verifyingPart(key: Readonly<Record<string, unknown>>): JWK | undefined {
  const { kty, kid, alg, use, key_ops: operations } = key;
  if (typeof kty !== 'string' || !Object.hasOwn(MEMBERS, kty)) return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  if (Array.isArray(operations) && !operations.includes('verify') && !operations.includes('sign'))
    return undefined;
  const jwk: Record<string, string> = { kty };
  for (const name of MEMBERS[kty] ?? []) {
    const value = key[name];
    if (typeof value !== 'string' || value === '') return undefined;
    jwk[name] = value;
  }
  if (kty === 'RSA' && Buffer.byteLength(jwk.n ?? '', 'base64url') < MIN_RSA_BYTES) return undefined;
  if (kty === 'oct' && Buffer.byteLength(jwk.k ?? '', 'base64url') < MIN_SECRET_BYTES) return undefined;
  if (typeof kid === 'string') jwk.kid = kid;
  if (typeof alg === 'string') jwk.alg = alg;
  return jwk as unknown as JWK;
}

function verificationKey(jwk: JWK): VerificationKey {
  const imported = new Map<JwtAlgorithm, Promise<CryptoKey | Uint8Array>>();
  return {
    kid: jwk.kid,
    fits: (algorithm) => isFor(algorithm, jwk),
    import(algorithm) {
      let key = imported.get(algorithm);
      if (key === undefined) {
        key = importJWK(jwk, algorithm);
        imported.set(algorithm, key);
      }
      return key;
    },
  };
}

const CURVES: Readonly<Partial<Record<JwtAlgorithm, string>>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
};

/**
 * The type of the key decides, whatever the token says: an RSA key never becomes the secret of an HS signature.
 * Source: RFC 8725 §3.1, "Perform Algorithm Verification".
 */
function isFor(algorithm: JwtAlgorithm, { kty, crv, alg }: JWK): boolean {
  if (alg !== undefined && alg !== algorithm) return false;
  const family = algorithm.slice(0, 2);
  if (family === 'RS' || family === 'PS') return kty === 'RSA';
  if (family === 'HS') return kty === 'oct';
  return kty === (family === 'ES' ? 'EC' : 'OKP') && crv === CURVES[algorithm];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
