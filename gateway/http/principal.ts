/**
 * Who asks: what authentication found out about the caller of one request. Rules, limits and logs read it, and header rules
 * may send parts of it to subgraphs.
 */
export interface Principal {
  /** `anonymous`: no credentials came; `user`: a verified JWT; `key`: an API key. */
  readonly kind: 'anonymous' | 'user' | 'key';
  /** The user's id claim, or the id of the API key (never the key itself); `undefined` only for an anonymous caller. */
  readonly id: string | undefined;
  /** Sorted, without duplicates. */
  readonly scopes: readonly string[];
  /** Sorted, without duplicates. */
  readonly roles: readonly string[];
  /** Claims of the verified token, or what the store holds of the API key; empty for an anonymous caller. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The caller of a request without credentials. */
export const anonymous: Principal = Object.freeze({
  kind: 'anonymous',
  id: undefined,
  scopes: Object.freeze([]),
  roles: Object.freeze([]),
  claims: Object.freeze(Object.create(null) as Record<string, unknown>),
});
