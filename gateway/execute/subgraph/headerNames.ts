import { z } from 'zod';
import { principalHeaderName } from './principalHeader.ts';

/* What rules of either direction share: what a header may be called and hold, and which ones no rule may touch. */

/** Source: RFC 9110 §5.6.2 (token) and §5.5 (field value). */
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name')
  .transform((name) => name.toLowerCase());

// one byte a character: what is beyond Latin-1 cannot be sent, and would end the message
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
export const headerValue = z.string().regex(VALUE, 'is not a header value');

/** Whether a text can be sent as a header: a line break in it would be a header of its own. */
export function isHeaderValue(text: string): boolean {
  return VALUE.test(text);
}

/**
 * Headers of one connection and of one message on it.
 * Source: RFC 9110 §7.6.1, and Apollo Router's list of reserved headers
 */
const CONNECTION = [
  'connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'content-length',
  'content-type',
  'content-encoding',
];

/** Those that the gateway writes by itself to subgraphs. */
const OF_REQUESTS = new Set([...CONNECTION, 'expect', 'host', 'accept', 'accept-encoding']);

/** Those that describe the answer of the gateway, which is another one than that of any subgraph. */
const OF_RESPONSES = new Set([
  ...CONNECTION,
  'accept-ranges',
  'age',
  'cache-control',
  'content-digest',
  'content-md5',
  'content-range',
  'date',
  'digest',
  'etag',
  'expires',
  'last-modified',
  'pragma',
  'repr-digest',
  'vary',
  'x-content-type-options',
  'x-request-id',
]);

/** Some servers (CGI, WSGI, PHP) read `x_user_id` as `x-user-id`, so both are one name where one of them is trusted. */
export function asRead(name: string): string {
  return name.replaceAll('_', '-');
}

/** Headers that are the gateway's own word, such as that of the principal: a client that sends one forges it. */
function isInternal(name: string): boolean {
  return asRead(name).startsWith(INTERNAL_PREFIX);
}
const INTERNAL_PREFIX = principalHeaderName.slice(0, principalHeaderName.lastIndexOf('-') + 1);

/** Whether no rule may send a header of a client on. */
export function isReservedInRequests(name: string): boolean {
  return OF_REQUESTS.has(name) || isInternal(name);
}

/**
 * Whether no rule may send a header of a subgraph on. Who may read answers across sites is said by `cors`, and not by a
 * subgraph.
 */
export function isReservedInResponses(name: string): boolean {
  return OF_RESPONSES.has(name) || isInternal(name) || name.startsWith('access-control-');
}

export const requestHeaderName = headerName.refine(
  (name) => !isReservedInRequests(name),
  'is a header that the gateway writes by itself',
);

export const responseHeaderName = headerName.refine(
  (name) => !isReservedInResponses(name),
  'is a header that the gateway writes by itself',
);

/** A pattern of whole names, in either case. */
export const headerPattern = z.string().transform((source, context) => {
  try {
    return new RegExp(`^(?:${source})$`, 'i');
  } catch {
    context.addIssue({ code: 'custom', message: 'is not a regular expression' });
    return z.NEVER;
  }
});

/** Names that the `Connection` header of a message declares to be of that connection alone (RFC 9110 §7.6.1). */
export function namedByConnection(connection: string | readonly string[] | undefined): ReadonlySet<string> {
  if (connection === undefined) return NO_NAMES;
  const values = typeof connection === 'string' ? [connection] : connection;
  return new Set(values.flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase())));
}
const NO_NAMES: ReadonlySet<string> = new Set();

export const hasOneSelector = (rule: { readonly named?: unknown; readonly matching?: unknown }): boolean =>
  (rule.named === undefined) !== (rule.matching === undefined);
export const ONE_SELECTOR = 'takes exactly one of `named` and `matching`';

export const renamesOneHeader = (rule: {
  readonly matching?: unknown;
  readonly rename?: unknown;
  readonly default?: unknown;
}): boolean => rule.matching === undefined || (rule.rename === undefined && rule.default === undefined);
export const RENAMES_ONE = '`rename` and `default` go with `named` only';
