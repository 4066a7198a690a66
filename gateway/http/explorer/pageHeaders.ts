/** A page as it is answered. */
export interface Page {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

/** Directives that every page has: nothing that is not named, no frame around it, no form, no `<base>`. */
const commonDirectives = [
  "default-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

/** A content security policy of the directives given and those common to all pages. */
export function contentSecurityPolicy(directives: readonly string[]): string {
  return [...commonDirectives, ...directives].join('; ');
}

/**
 * Headers of a page: never stored, since it holds a nonce and settings that change with a restart; never guessed to be
 * another type; and telling other origins no more of its address than the origin.
 */
export function pageHeaders(page: Page): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': page.contentSecurityPolicy,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'strict-origin',
  };
}
