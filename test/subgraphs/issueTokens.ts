import { once } from 'node:events';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** Stands in for the accounts: serves a key set and signs what it is told to. */
export interface TokenIssuer {
  readonly jwksUrl: string;
  /** An `Authorization` header of a token with these claims, beside those of every token. */
  authorize(claims: JWTPayload): Promise<string>;
  /** The same, signed by a key that is not in the set. */
  forge(claims: JWTPayload): Promise<string>;
  close(): Promise<void>;
}

export async function issueTokens(): Promise<TokenIssuer> {
  const [own, foreign] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const sign = async (claims: JWTPayload, key: typeof own.privateKey) => {
    const payload = { iss: 'tributary-accounts', aud: 'tributary', scope: 'reviews:write', ...claims };
    const token = new SignJWT({ exp: Math.floor(Date.now() / 1000) + 60, ...payload });
    return `Bearer ${await token.setProtectedHeader({ alg: 'ES256', kid: 'test' }).sign(key)}`;
  };
  return {
    jwksUrl: `http://127.0.0.1:${port}/jwks.json`,
    authorize: (claims) => sign(claims, own.privateKey),
    forge: (claims) => sign(claims, foreign.privateKey),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The claims that name a user. */
export function claimsOf(userId: string, username: string): JWTPayload {
  return { sub: userId, preferred_username: username };
}
