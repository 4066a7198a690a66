import type { IncomingHttpHeaders } from 'node:http';
import type { TokenSource } from './jwtSettings.ts';
import { malformed } from './refusals.ts';

/** The headers of a request, as they came and as Node.js joins them. */
export interface HeadersOfRequest {
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, each header as often as it came. */
  readonly rawHeaders: readonly string[];
}

/**
 * A header that carries credentials. Several of one name are refused: Node.js would keep the first and drop the rest, and
 * what stands before or behind the gateway may keep another one.
 *
 * @throws CredentialsRefused AUTH_ERROR
 */
export function credentialHeader(
  name: string,
  { headers, rawHeaders }: HeadersOfRequest,
): string | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  let times = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const written = rawHeaders[index];
    if (written?.length === name.length && written.toLowerCase() === name) times += 1;
  }
  if (times > 1 || typeof value !== 'string') {
    throw malformed('DUPLICATE_CREDENTIALS', `The header ${name} came more than once.`);
  }
  return value;
}

/** Where tokens are looked for: in order, the first place that holds one decides. */
export interface TokenPlaces {
  readonly sources: readonly TokenSource[];
  /** Whether a header with another prefix holds no token, instead of being refused. */
  readonly ignoresOtherPrefixes: boolean;
}

/** @throws CredentialsRefused AUTH_ERROR when a place holds something that is not of its form */
export function findToken(request: HeadersOfRequest, places: TokenPlaces): string | undefined {
  for (const source of places.sources) {
    const token =
      source.type === 'cookie'
        ? cookieOf(request, source.name)
        : tokenOf(credentialHeader(source.name, request), source, places.ignoresOtherPrefixes);
    if (token !== undefined) return token;
  }
  return undefined;
}

function tokenOf(
  value: string | undefined,
  { name, value_prefix: prefix }: Extract<TokenSource, { type: 'header' }>,
  ignoresOtherPrefixes: boolean,
): string | undefined {
  if (value === undefined) return undefined;
  let token = value;
  if (prefix !== '') {
    const scheme = value.slice(0, prefix.length);
    const rest = value.slice(prefix.length);
    // Source: RFC 9110 §11.1, "case-insensitive token"; whole, so that `BearerX` is another scheme
    if (scheme.toLowerCase() !== prefix.toLowerCase() || (rest !== '' && !rest.startsWith(' '))) {
      if (ignoresOtherPrefixes) return undefined;
      throw malformed('INVALID_PREFIX', `The header ${name} must be \`${prefix} <token>\`.`);
    }
    token = rest.replace(/^ +/, '');
  }
  if (token === '') throw malformed('MISSING_JWT', `The header ${name} holds no token.`);
  // also what proxies make of two headers: `Bearer a, Bearer b`
  if (/[\s,]/.test(token)) throw malformed('INVALID_HEADER', `The header ${name} must hold one token.`);
  return token;
}

/**
 * Two cookies of one name are refused: a page of a sibling domain can add one, and which of them is the user's own cannot be
 * told (RFC 6265 §8.6, "Weak Integrity").
 */
function cookieOf({ headers }: HeadersOfRequest, name: string): string | undefined {
  const found = (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  if (found.length > 1) throw malformed('DUPLICATE_CREDENTIALS', `The cookie ${name} came more than once.`);
  const value = found[0]?.slice(name.length + 1).replace(/^"(.*)"$/, '$1');
  return value === '' ? undefined : value;
}
