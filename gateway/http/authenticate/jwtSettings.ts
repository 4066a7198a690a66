import { z } from 'zod';

/**
 * Signature algorithms by the key that they need. ES256K, and everything newer than RFC 8037, is left out on purpose: what
 * nobody asks for is one more thing to get wrong.
 * Source: RFC 7518 §3.1, RFC 8037 §3.1.
 */
export const publicKeyAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export const sharedSecretAlgorithms = ['HS256', 'HS384', 'HS512'] as const;
export type JwtAlgorithm = (typeof publicKeyAlgorithms | typeof sharedSecretAlgorithms)[number];

const claimPath = z.string().min(1);

/** Where the parts of a principal stand in the claims: a claim, or a path with dots (`realm_access.roles`). */
export const claimPaths = z.strictObject({
  id: claimPath.default('sub'),
  scopes: claimPath.default('scope'),
  roles: claimPath.default('roles'),
});
export type ClaimPaths = z.output<typeof claimPaths>;

/** Source: RFC 7518 §3.2, "A key of the same size as the hash output (for instance, 256 bits for "HS256") or larger". */
const MIN_SECRET_BYTES = 32;

const sources = ['url', 'file', 'secret'] as const;

/** Source: RFC 9110 §5.6.2 (token) and §5.5 (field value). */
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name')
  .transform((name) => name.toLowerCase());
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'is not a header value');

/** One key set, and which tokens it is asked about. */
export const keySetSettings = z
  .strictObject({
    url: z.url({ protocol: /^https?$/, error: 'is not an http: or https: URL' }).optional(),
    /** Headers of the request for `url`. */
    headers: z.array(z.strictObject({ name: headerName, value: headerValue })).default([]),
    file: z.string().min(1).optional(),
    secret: z
      .string()
      .refine(
        (secret) => Buffer.byteLength(secret) >= MIN_SECRET_BYTES,
        `must have ${MIN_SECRET_BYTES} bytes or more`,
      )
      .optional(),
    /** `kid` of the tokens signed with `secret`; without it, of any. */
    key_id: z.string().min(1).optional(),
    issuers: z.array(z.string().min(1)).default([]),
    audiences: z.array(z.string().min(1)).default([]),
    algorithms: z
      .array(z.enum([...publicKeyAlgorithms, ...sharedSecretAlgorithms]))
      .min(1)
      .optional(),
    poll_interval_ms: z
      .int()
      .min(1_000)
      .max(2 ** 31 - 1)
      .default(60_000),
    allow_missing_exp: z.boolean().default(false),
    /** In place of `authentication.jwt.claims`, for an issuer that writes them otherwise. */
    claims: claimPaths.optional(),
  })
  .refine(
    (keySet) => sources.filter((source) => keySet[source] !== undefined).length === 1,
    'takes exactly one of `url`, `file` and `secret`',
  )
  .refine(({ url, algorithms }) => url === undefined || !algorithms?.some(needsSecret), {
    path: ['algorithms'],
    message: 'HS algorithms need a `secret`, or a `file` with a key of type `oct`',
  })
  .refine(({ secret, algorithms }) => secret === undefined || (algorithms?.every(needsSecret) ?? true), {
    path: ['algorithms'],
    message: 'a `secret` goes with HS256, HS384 and HS512 only',
  })
  .refine(({ secret, key_id }) => key_id === undefined || secret !== undefined, {
    path: ['key_id'],
    message: 'goes with `secret`: the keys of a set have ids of their own',
  })
  .refine(({ url, headers }) => url !== undefined || headers.length === 0, {
    path: ['headers'],
    message: 'go with `url`',
  });
export type KeySetSettings = z.output<typeof keySetSettings>;

function needsSecret(algorithm: string): boolean {
  return (sharedSecretAlgorithms as readonly string[]).includes(algorithm);
}

/** Where else a token may stand. */
export const tokenSource = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('header'),
    name: headerName,
    value_prefix: z.string().default(''),
  }),
  z.strictObject({ type: z.literal('cookie'), name: z.string().regex(/^[^\s;=,"]+$/, 'is no cookie name') }),
]);
export type TokenSource = z.output<typeof tokenSource>;

/** `authorization`, however it is written. */
export const tokenHeaderName = headerName;
