import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Principal } from '../principal.ts';
import { principalOf } from './claimsOf.ts';
import {
  type ClaimPaths,
  type JwtAlgorithm,
  publicKeyAlgorithms,
  sharedSecretAlgorithms,
} from './jwtSettings.ts';
import type { KeySet } from './keySet.ts';
import { CredentialsRefused, invalidToken, type RefusalReason } from './refusals.ts';
import { TokenCache, type VerifiedToken } from './tokenCache.ts';

/** A key set with what must hold of the tokens that it verifies. */
export interface TrustedIssuer {
  readonly keySet: KeySet;
  /** Empty = any. */
  readonly issuers: readonly string[];
  /** Empty = any; otherwise a token without `aud` is refused too. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly JwtAlgorithm[];
  readonly allowMissingExp: boolean;
  readonly claims: ClaimPaths;
}

export interface JwtVerifierOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** What clocks may differ by. */
  readonly leewayMs: number;
  /** Longer tokens are refused before anything is decoded. */
  readonly maxTokenBytes: number;
  readonly maxCachedTokens: number;
  readonly now?: () => number;
}

/** How long the verification of a token that never expires is believed. */
const NO_EXP_CACHE_MS = 300_000;
/** A token that names no key is tried with this many. */
const MAX_KEYS_TRIED = 16;

interface TokenFacts {
  readonly algorithm: JwtAlgorithm;
  readonly kid: string | undefined;
  readonly issuer: string | undefined;
}

/** Turns tokens into principals, and refuses the others. Each token is verified once. */
export class JwtVerifier {
  readonly #options: JwtVerifierOptions;
  readonly #now: () => number;
  readonly #cache: TokenCache;

  constructor(options: JwtVerifierOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#cache = new TokenCache(options.maxCachedTokens);
  }

  /**
   * @throws CredentialsRefused UNAUTHENTICATED; AUTHENTICATION_UNAVAILABLE when the keys were never read: a token that
   *   could not be checked is neither good nor bad
   */
  async verify(token: string): Promise<Principal> {
    const { maxTokenBytes } = this.#options;
    // a token is ASCII; anything else is refused below
    if (token.length > maxTokenBytes) {
      throw invalidToken('TOKEN_TOO_LARGE', `The token is longer than ${maxTokenBytes} bytes.`);
    }
    return this.#cache.principalOf(token, this.#now(), () => this.#verifyAnew(token));
  }

  async #verifyAnew(token: string): Promise<VerifiedToken> {
    const facts = readFacts(token);
    const trusted = this.#options.issuers.filter(
      ({ issuers }) => issuers.length === 0 || (facts.issuer !== undefined && issuers.includes(facts.issuer)),
    );
    if (trusted.length === 0)
      throw invalidToken('INVALID_ISSUER', 'The token is of an issuer that is not accepted.');
    let refusal: CredentialsRefused | undefined;
    for (const issuer of trusted) {
      try {
        return await this.#verifyBy(issuer, token, facts);
      } catch (error) {
        if (!(error instanceof CredentialsRefused)) throw error;
        // what is wrong with a token that a key has signed says more than that another key has not
        if (refusal === undefined || rank(error) > rank(refusal)) refusal = error;
      }
    }
    throw refusal as CredentialsRefused;
  }

  async #verifyBy(issuer: TrustedIssuer, token: string, facts: TokenFacts): Promise<VerifiedToken> {
    const { keySet } = issuer;
    if (!issuer.algorithms.includes(facts.algorithm)) {
      throw invalidToken(
        'UNSUPPORTED_KEY_ALGORITHM',
        'The token is signed with an algorithm that is not accepted.',
      );
    }
    const answer = await keySet.find(facts);
    if (answer.kind === 'none') throw withoutKey(answer.reason);
    // read after the search, which may have brought new keys
    const { version } = keySet;
    const payload = await this.#check(issuer, token, { facts, keys: answer.keys.slice(0, MAX_KEYS_TRIED) });
    const principal = principalOf(payload, issuer.claims);
    if (principal === undefined) throw invalidToken('INVALID_CLAIMS', 'The token names nobody.');
    const { leewayMs } = this.#options;
    return {
      principal,
      expiresAt: payload.exp === undefined ? this.#now() + NO_EXP_CACHE_MS : payload.exp * 1000 + leewayMs,
      isCurrent: () => keySet.version === version,
    };
  }

  async #check(
    issuer: TrustedIssuer,
    token: string,
    {
      facts,
      keys,
    }: {
      facts: TokenFacts;
      keys: readonly { import(algorithm: JwtAlgorithm): Promise<Parameters<typeof jwtVerify>[1]> }[];
    },
  ): Promise<JWTPayload> {
    for (const key of keys) {
      try {
        const { payload } = await jwtVerify(token, await key.import(facts.algorithm), {
          algorithms: [facts.algorithm],
          clockTolerance: this.#options.leewayMs / 1000,
          currentDate: new Date(this.#now()),
          requiredClaims: issuer.allowMissingExp ? [] : ['exp'],
          ...(issuer.issuers.length === 0 ? {} : { issuer: [...issuer.issuers] }),
          ...(issuer.audiences.length === 0 ? {} : { audience: [...issuer.audiences] }),
        });
        return payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw refusalOf(error);
      }
    }
    throw invalidToken('INVALID_SIGNATURE', 'The signature of the token is not valid.');
  }
}

const ALGORITHMS: ReadonlySet<string> = new Set([...publicKeyAlgorithms, ...sharedSecretAlgorithms]);

/**
 * Reads what decides which key is asked for. Nothing of it is believed before the signature is checked; that the header
 * names a key or an address of one (`jwk`, `jku`, `x5u`, `x5c`) is never heeded.
 * Source: RFC 8725 §3.10, "Do Not Trust Received Claims".
 */
function readFacts(token: string): TokenFacts {
  // a five-part token is an encrypted one; it is not even decoded
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) {
    throw invalidToken('INVALID_HEADER', 'The token is not a signed JSON Web Token.');
  }
  let header: ReturnType<typeof decodeProtectedHeader>;
  let payload: JWTPayload;
  try {
    header = decodeProtectedHeader(token);
    payload = decodeJwt(token);
  } catch (cause) {
    throw invalidToken('CANNOT_DECODE_JWT', 'The token is not a signed JSON Web Token.', cause);
  }
  const { alg, kid } = header;
  if (typeof alg !== 'string' || !ALGORITHMS.has(alg)) {
    throw invalidToken(
      'UNSUPPORTED_KEY_ALGORITHM',
      'The token is signed with an algorithm that is not accepted.',
    );
  }
  if (kid !== undefined && typeof kid !== 'string') {
    throw invalidToken('INVALID_HEADER', 'The key id of the token is not a text.');
  }
  const issuer = typeof payload.iss === 'string' ? payload.iss : undefined;
  return { algorithm: alg as JwtAlgorithm, kid, issuer };
}

function withoutKey(reason: RefusalReason): CredentialsRefused {
  if (reason === 'KEYS_UNAVAILABLE') {
    return new CredentialsRefused('AUTHENTICATION_UNAVAILABLE', {
      reason,
      message: 'Tokens cannot be checked now; try again soon.',
    });
  }
  return invalidToken(reason, 'The token is signed with a key that is not known.');
}

/** Every fault that `jose` finds is the token's, except a key that it cannot use. */
function refusalOf(error: unknown): CredentialsRefused {
  if (error instanceof errors.JWTExpired) {
    return invalidToken('EXPIRED_SIGNATURE', 'The token has expired.', error);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const [reason, message] = CLAIM_FAULTS[error.claim] ?? [
      'INVALID_CLAIMS',
      'The claims of the token are not valid.',
    ];
    return invalidToken(reason, message, error);
  }
  if (error instanceof errors.JOSEError) {
    return invalidToken('CANNOT_DECODE_JWT', 'The token is not a valid JSON Web Token.', error);
  }
  return invalidToken(
    'CANNOT_FIND_SUITABLE_KEY',
    'The token is signed with a key that cannot be used.',
    error,
  );
}

const CLAIM_FAULTS: Readonly<Record<string, readonly [RefusalReason, string]>> = {
  iss: ['INVALID_ISSUER', 'The token is of an issuer that is not accepted.'],
  aud: ['INVALID_AUDIENCE', 'The token is meant for somebody else.'],
  nbf: ['IMMATURE_SIGNATURE', 'The token is not valid yet.'],
  exp: ['INVALID_CLAIMS', 'The token has no valid time of expiry.'],
};

/** How near a refused token came to being accepted. */
function rank({ reason, code }: CredentialsRefused): number {
  if (code === 'AUTHENTICATION_UNAVAILABLE') return 2;
  return [
    'CANNOT_FIND_KID',
    'CANNOT_FIND_SUITABLE_KEY',
    'UNSUPPORTED_KEY_ALGORITHM',
    'INVALID_SIGNATURE',
  ].includes(reason)
    ? 1
    : 3;
}
