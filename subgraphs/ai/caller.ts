import type { Principal } from '../host/principal.ts';

/** For whom a request is made: whose budgets, cache and limits it has. */
export interface Caller {
  readonly tenant: string;
  readonly scopes: readonly string[];
}

/** Sees and accounts for all tenants. */
export const operatorScope = 'ai:operator';

/** The tenant of requests that name nobody. */
export const anonymousTenant = 'anonymous';

/**
 * The tenant of a principal: what its claim says, else the user or the key itself.
 *
 * @param tenantClaim `tenant`, or the name that a company's tokens have for it
 */
export function callerOf({ id, scopes, claims }: Principal, tenantClaim: string): Caller {
  const claim = Object.hasOwn(claims, tenantClaim) ? claims[tenantClaim] : undefined;
  const tenant = typeof claim === 'string' && claim !== '' ? claim : id;
  return { tenant: tenant ?? anonymousTenant, scopes };
}
