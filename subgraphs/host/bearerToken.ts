import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { SubgraphError } from './errors.ts';

/** Who makes a request, as a verified token says. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
}

export const tokenIssuer = 'tributary-accounts';
export const tokenAudience = 'tributary';
export const tokenAlgorithm = 'ES256';

/**
 * Reads the `Authorization` header of a request.
 *
 * @param findKey where the public keys come from: the accounts' own ones, or a remote key set
 * @returns `null` when the request names nobody
 * @throws SubgraphError UNAUTHENTICATED for a token that is not valid, SERVICE_UNAVAILABLE when no key can be had:
 *   a token that could not be checked is never taken for no token
 */
export async function readPrincipal(
  authorization: string | undefined,
  findKey: JWTVerifyGetKey,
): Promise<Principal | null> {
  if (authorization === undefined) return null;
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (!token)
    throw new SubgraphError('UNAUTHENTICATED', 'The Authorization header must be `Bearer <token>`.');
  try {
    const { payload } = await jwtVerify(token, findKey, {
      issuer: tokenIssuer,
      audience: tokenAudience,
      algorithms: [tokenAlgorithm],
      requiredClaims: ['sub', 'exp'],
    });
    const { sub, preferred_username: username, scope, roles } = payload;
    if (!sub || typeof username !== 'string') {
      throw new SubgraphError('UNAUTHENTICATED', 'The token names no user.');
    }
    return {
      userId: sub,
      username,
      scopes: typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [],
      roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    };
  } catch (error) {
    throw refusal(error);
  }
}

/** Every fault of the token itself is the client's; only a key set that cannot be read is not. */
function refusal(error: unknown): SubgraphError {
  if (error instanceof SubgraphError) return error;
  if (error instanceof errors.JWTExpired) {
    return new SubgraphError('UNAUTHENTICATED', 'The token has expired; sign in again.');
  }
  const unreachable = error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError);
  // jose gives the plain JOSEError, no subclass, for a key set that answers something else than a key set
  if (unreachable || error.code === 'ERR_JOSE_GENERIC' || error.code === 'ERR_JWKS_INVALID') {
    return new SubgraphError(
      'SERVICE_UNAVAILABLE',
      'Tokens cannot be checked now: the key set is out of reach.',
    );
  }
  return new SubgraphError('UNAUTHENTICATED', 'The token is not valid; sign in again.');
}
