import { createHmac } from 'node:crypto';
import { valueAt } from '../../http/authenticate/claimsOf.ts';
import type { ClientRequest } from '../../http/clientRequest.ts';
import type { Principal } from '../../http/principal.ts';

/**
 * The header by which subgraphs know who asks. Its format is written down in `docs/principal-header.md`; subgraphs verify
 * it with code of their own.
 */
export const principalHeaderName = 'x-tributary-principal';

export interface PrincipalHeaderOptions {
  /** Known to gateway and subgraphs alone. */
  readonly secret: string;
  /** Who may believe the header: the name of the subgraph. */
  readonly audience: string;
  /** How long it may be believed. */
  readonly lifetimeMs: number;
  /** Claims that go with it, by their paths; nothing else of the token does. */
  readonly claims: readonly string[];
  readonly now?: () => number;
}

/** A signed value is used again for this part of its life: signing takes longer than all other header rules together. */
const REUSED_PART = 0.5;

/**
 * Makes the header of each request to one subgraph. A principal is one value for one token (`authenticate/tokenCache.ts`),
 * so that its header is signed some times a minute and not for each request.
 */
export function principalHeaderFor(options: PrincipalHeaderOptions): (principal: Principal) => string {
  const { lifetimeMs, now = Date.now } = options;
  const signed = new WeakMap<Principal, { readonly value: string; readonly signedAt: number }>();
  return (principal) => {
    const time = now();
    const known = signed.get(principal);
    if (known !== undefined && time >= known.signedAt && time - known.signedAt < lifetimeMs * REUSED_PART) {
      return known.value;
    }
    const value = signPrincipal(principal, { ...options, time });
    signed.set(principal, { value, signedAt: time });
    return value;
  };
}

/** Adds the header to those that rules select; no rule can touch it. */
export function withPrincipalHeader(
  select: (client: ClientRequest) => Record<string, string>,
  headerOf: (principal: Principal) => string,
): (client: ClientRequest) => Record<string, string> {
  return (client) => {
    const headers = select(client);
    headers[principalHeaderName] = headerOf(client.principal);
    return headers;
  };
}

function signPrincipal(
  principal: Principal,
  { secret, audience, lifetimeMs, claims, time }: PrincipalHeaderOptions & { readonly time: number },
): string {
  const issuedAt = Math.floor(time / 1000);
  const payload = Buffer.from(
    JSON.stringify({
      v: 1,
      aud: audience,
      iat: issuedAt,
      exp: issuedAt + Math.ceil(lifetimeMs / 1000),
      kind: principal.kind,
      ...(principal.id === undefined ? {} : { id: principal.id }),
      scopes: principal.scopes,
      roles: principal.roles,
      claims: pickClaims(principal, claims),
    }),
  ).toString('base64url');
  const mac = createHmac('sha256', secret).update(payload).digest('base64url');
  return `${payload}.${mac}`;
}

/** Claims by their paths, so that a subgraph reads them as the settings name them. */
function pickClaims({ claims }: Principal, paths: readonly string[]): Record<string, unknown> {
  const picked: [string, unknown][] = [];
  for (const path of paths) {
    const value = valueAt(claims, path);
    if (value !== undefined) picked.push([path, value]);
  }
  return Object.fromEntries(picked);
}
