import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
} from 'jose';
import type { AccountsRecords } from './records.ts';

/** What verifies these tokens, such as a gateway, is told the same by its settings. */
const tokenIssuer = 'tributary-accounts';
const tokenAudience = 'tributary';
const tokenAlgorithm = 'ES256';
const lifetimeSeconds = 3_600;

export interface TokenSubject {
  readonly userId: string;
  readonly username: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

/** Makes the tokens of this shop. */
export interface Tokens {
  /** What `/.well-known/jwks.json` answers: the public half of the key. */
  readonly keySet: JSONWebKeySet;
  sign(subject: TokenSubject, now: Date): Promise<{ token: string; expiresAt: Date }>;
}

/** Reads the signing key of the database, or makes one at the first start. */
export async function openTokens(records: AccountsRecords): Promise<Tokens> {
  const text =
    (await records.signingKey()) ?? (await records.keepSigningKey(JSON.stringify(await makeKey())));
  const jwk = JSON.parse(text) as JWK;
  const key = await importJWK(jwk, tokenAlgorithm);
  const kid = await calculateJwkThumbprint(jwk);
  const { kty, crv, x, y } = jwk;
  const keySet = { keys: [{ kty, crv, x, y, kid, alg: tokenAlgorithm, use: 'sig' }] } as JSONWebKeySet;
  return {
    keySet,
    async sign(subject, now) {
      const issuedAt = Math.floor(now.getTime() / 1000);
      const expiresAt = issuedAt + lifetimeSeconds;
      const token = await new SignJWT({
        preferred_username: subject.username,
        scope: subject.scopes.join(' '),
        roles: subject.roles,
      })
        .setProtectedHeader({ alg: tokenAlgorithm, kid, typ: 'JWT' })
        .setIssuer(tokenIssuer)
        .setAudience(tokenAudience)
        .setSubject(subject.userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key);
      return { token, expiresAt: new Date(expiresAt * 1000) };
    },
  };
}

async function makeKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(tokenAlgorithm, { extractable: true });
  return exportJWK(privateKey);
}
