import { z } from 'zod';
import type { ClientRequest } from '../../http/clientRequest.ts';

/**
 * Which headers of the client's request are sent on to subgraphs. Nothing is sent on without a rule.
 * Syntax and order of Apollo Router: https://www.apollographql.com/docs/graphos/routing/header-propagation
 */

/** Source: RFC 9110 §5.6.2 (token) and §5.5 (field value). */
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name')
  .transform((name) => name.toLowerCase());
// one byte a character: what is beyond Latin-1 cannot be sent, and would end the request to the subgraph
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'is not a header value');

/**
 * Headers that describe one connection, or that the gateway writes by itself; no rule may touch them.
 * Source: RFC 9110 §7.6.1 and Apollo Router's list of reserved headers.
 */
const RESERVED = new Set([
  'connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'http2-settings',
  'content-length',
  'content-type',
  'content-encoding',
  'accept',
  'accept-encoding',
]);

const ruleName = headerName.refine(
  (name) => !RESERVED.has(name),
  'is a header that the gateway writes by itself',
);

const pattern = z.string().transform((source, context) => {
  try {
    return new RegExp(`^(?:${source})$`, 'i');
  } catch {
    context.addIssue({ code: 'custom', message: 'is not a regular expression' });
    return z.NEVER;
  }
});

const selector = {
  named: ruleName.optional(),
  matching: pattern.optional(),
};

const oneSelector = <Rule extends { named?: unknown; matching?: unknown }>(rule: Rule): boolean =>
  (rule.named === undefined) !== (rule.matching === undefined);

const propagate = z
  .strictObject({ ...selector, rename: ruleName.optional(), default: headerValue.optional() })
  .refine(oneSelector, 'takes exactly one of `named` and `matching`')
  .refine(
    (rule) => rule.matching === undefined || (rule.rename === undefined && rule.default === undefined),
    '`rename` and `default` go with `named` only',
  );

const remove = z.strictObject(selector).refine(oneSelector, 'takes exactly one of `named` and `matching`');

const insert = z
  .strictObject({
    name: ruleName,
    value: headerValue.optional(),
    from_context: z.enum(['request_id']).optional(),
    path: z
      .string()
      .regex(/^\.extensions(\.[\w-]+|\[\d+\])+$/, 'is not a path such as `.extensions.metadata[0].app_name`')
      .optional(),
    default: headerValue.optional(),
  })
  .refine(
    (rule) =>
      [rule.value, rule.from_context, rule.path].filter((source) => source !== undefined).length === 1,
    'takes exactly one of `value`, `from_context` and `path`',
  );

export const headerRule = z
  .strictObject({ propagate: propagate.optional(), remove: remove.optional(), insert: insert.optional() })
  .refine(
    (rule) => Object.values(rule).filter((part) => part !== undefined).length === 1,
    'takes exactly one of `propagate`, `remove` and `insert`',
  );

export type HeaderRule = z.output<typeof headerRule>;

/** Compiled rules of one subgraph: the headers to send, names in lower case. */
export type SelectHeaders = (client: ClientRequest) => Record<string, string>;

/**
 * Compiles rules to one function. They apply in order; a target header is propagated once, by the first rule that finds
 * it; headers that the client's `Connection` header names are never sent on (RFC 9110 §7.6.1).
 */
export function compileHeaderRules(rules: readonly HeaderRule[]): SelectHeaders {
  if (rules.length === 0) return () => ({});
  return (client) => {
    const sent: Record<string, string> = Object.create(null);
    const propagated = new Set<string>();
    const perConnection = connectionHeaders(client);
    const send = (target: string, value: string | undefined): void => {
      if (value === undefined || propagated.has(target)) return;
      propagated.add(target);
      sent[target] = value;
    };
    for (const rule of rules) {
      if (rule.propagate?.named !== undefined) {
        const { named, rename, default: fallback } = rule.propagate;
        const found = perConnection.has(named) ? undefined : headerOf(client, named);
        send(rename ?? named, found ?? fallback);
      } else if (rule.propagate?.matching !== undefined) {
        for (const name of Object.keys(client.headers)) {
          if (RESERVED.has(name) || perConnection.has(name) || !rule.propagate.matching.test(name)) continue;
          send(name, headerOf(client, name));
        }
      } else if (rule.remove !== undefined) {
        for (const name of Object.keys(sent)) {
          if (name === rule.remove.named || rule.remove.matching?.test(name)) delete sent[name];
        }
      } else if (rule.insert !== undefined) {
        const value = insertedValue(rule.insert, client) ?? rule.insert.default;
        if (value !== undefined) sent[rule.insert.name] = value;
      }
    }
    return sent;
  };
}

function headerOf(client: ClientRequest, name: string): string | undefined {
  if (!Object.hasOwn(client.headers, name)) return undefined;
  const value = client.headers[name];
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
}

function connectionHeaders(client: ClientRequest): ReadonlySet<string> {
  const named = headerOf(client, 'connection');
  return new Set(named?.split(',').map((name) => name.trim().toLowerCase()));
}

function insertedValue(rule: NonNullable<HeaderRule['insert']>, client: ClientRequest): string | undefined {
  if (rule.value !== undefined) return rule.value;
  if (rule.from_context === 'request_id') return client.requestId;
  const steps = rule.path?.match(/[\w-]+/g)?.slice(1) ?? [];
  let value: unknown = client.extensions;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  // what a client wrote becomes a header: a line break in it would be a header of its own
  return text !== undefined && headerValue.safeParse(text).success ? text : undefined;
}
