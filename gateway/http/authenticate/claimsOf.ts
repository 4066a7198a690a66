import type { Principal } from '../principal.ts';
import type { ClaimPaths } from './jwtSettings.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Deeper claims than anybody writes; what walks them later must not run out of stack. */
const MAX_DEPTH = 32;
const MAX_ID_LENGTH = 256;

/**
 * The caller that verified claims name. The value is frozen, claims included: one token's principal serves many requests.
 *
 * @returns `undefined` when they name nobody, or are nested more deeply than a caller's claims are
 */
export function principalOf(claims: Claims, paths: ClaimPaths): Principal | undefined {
  const id = idOf(valueAt(claims, paths.id));
  if (id === undefined || !freezeDeep(claims, 0)) return undefined;
  return Object.freeze({
    kind: 'user',
    id,
    scopes: namesIn(valueAt(claims, paths.scopes)),
    roles: namesIn(valueAt(claims, paths.roles)),
    claims,
  });
}

/**
 * The value of a claim, or of a path through claims. A claim whose own name holds dots, such as
 * `https://example.com/roles`, is found under its whole name.
 */
export function valueAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function idOf(value: unknown): string | undefined {
  const id = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  return typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH ? id : undefined;
}

/**
 * Names in a claim: a list, or a text with spaces between them. Sorted and without duplicates, so that equal rights are
 * equal lists.
 * Source: RFC 8693 §4.2, claim `scope`; lists are what Auth0, Entra ID and Keycloak write.
 */
function namesIn(value: unknown): readonly string[] {
  const names = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  const own = names.filter((name): name is string => typeof name === 'string' && name !== '');
  return Object.freeze([...new Set(own)].sort());
}

/** @returns whether the value is no deeper than `MAX_DEPTH` */
function freezeDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_DEPTH) return false;
  Object.freeze(value);
  return Object.values(value).every((inner) => freezeDeep(inner, depth + 1));
}
