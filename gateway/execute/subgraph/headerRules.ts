import { z } from 'zod';
import { valueAt } from '../../http/authenticate/claimsOf.ts';
import type { ClientRequest } from '../../http/clientRequest.ts';
import {
  asRead,
  hasOneSelector,
  headerPattern,
  headerValue,
  isHeaderValue,
  isReservedInRequests,
  namedByConnection,
  ONE_SELECTOR,
  RENAMES_ONE,
  renamesOneHeader,
  requestHeaderName,
} from './headerNames.ts';

/**
 * Which headers of the client's request are sent on to subgraphs, and what of its principal. Nothing is sent on without a
 * rule.
 * Syntax and order of Apollo Router: https://www.apollographql.com/docs/graphos/routing/header-propagation
 */

const selector = { named: requestHeaderName.optional(), matching: headerPattern.optional() };

const propagate = z
  .strictObject({ ...selector, rename: requestHeaderName.optional(), default: headerValue.optional() })
  .refine(hasOneSelector, ONE_SELECTOR)
  .refine(renamesOneHeader, RENAMES_ONE);

const remove = z.strictObject(selector).refine(hasOneSelector, ONE_SELECTOR);

const insert = z
  .strictObject({
    name: requestHeaderName,
    value: headerValue.optional(),
    from_context: z
      .enum(['request_id', 'principal_id', 'principal_kind', 'principal_scopes', 'principal_roles'])
      .optional(),
    /** A claim of the token, or a path such as `tenant.id`. */
    claim: z.string().min(1).optional(),
    path: z
      .string()
      .regex(/^\.extensions(\.[\w-]+|\[\d+\])+$/, 'is not a path such as `.extensions.metadata[0].app_name`')
      .optional(),
    default: headerValue.optional(),
  })
  .refine(
    (rule) =>
      [rule.value, rule.from_context, rule.claim, rule.path].filter((source) => source !== undefined)
        .length === 1,
    'takes exactly one of `value`, `from_context`, `claim` and `path`',
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
 *
 * A header that says something of the principal is never the client's own, whatever other rules say: it is left out when
 * the principal has no such value.
 */
export function compileHeaderRules(rules: readonly HeaderRule[]): SelectHeaders {
  if (rules.length === 0) return () => ({});
  const trusted = new Set(
    rules.flatMap(({ insert }) =>
      insert !== undefined && isOfPrincipal(insert) ? [asRead(insert.name)] : [],
    ),
  );
  return (client) => {
    const sent: Record<string, string> = Object.create(null);
    const propagated = new Set<string>();
    const perConnection = namedByConnection(client.headers.connection);
    const send = (target: string, value: string | undefined): void => {
      if (value === undefined || propagated.has(target) || trusted.has(asRead(target))) return;
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
          if (isReservedInRequests(name) || perConnection.has(name) || !rule.propagate.matching.test(name))
            continue;
          send(name, headerOf(client, name));
        }
      } else if (rule.remove !== undefined) {
        for (const name of Object.keys(sent)) {
          if (name === rule.remove.named || rule.remove.matching?.test(name)) delete sent[name];
        }
      } else if (rule.insert !== undefined) {
        const value = insertedValue(rule.insert, client) ?? rule.insert.default;
        if (value !== undefined) sent[rule.insert.name] = value;
        else if (isOfPrincipal(rule.insert)) delete sent[rule.insert.name];
      }
    }
    return sent;
  };
}

/** Source: W3C Trace Context, §3.2 `traceparent`; what is not of this form must not be sent on (§4.3). */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function headerOf(client: ClientRequest, name: string): string | undefined {
  if (!Object.hasOwn(client.headers, name)) return undefined;
  const value = client.headers[name];
  const text = value === undefined || typeof value === 'string' ? value : value.join(', ');
  switch (name) {
    // these go into the logs of subgraphs, so only harmless ones leave the gateway
    case 'x-request-id':
      return client.requestId;
    case 'traceparent':
      return text !== undefined && TRACEPARENT.test(text) ? text : undefined;
    case 'tracestate':
      return headerOf(client, 'traceparent') === undefined ? undefined : text;
    default:
      return text;
  }
}

type InsertRule = NonNullable<HeaderRule['insert']>;

function isOfPrincipal({ claim, from_context }: InsertRule): boolean {
  return claim !== undefined || (from_context !== undefined && from_context !== 'request_id');
}

function insertedValue(rule: InsertRule, client: ClientRequest): string | undefined {
  if (rule.value !== undefined) return rule.value;
  const value = foundValue(rule, client);
  const text = ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
  // what a client or the issuer of its token wrote becomes a header
  return text !== undefined && isHeaderValue(text) ? text : undefined;
}

function foundValue(rule: InsertRule, { requestId, principal, extensions }: ClientRequest): unknown {
  switch (rule.from_context) {
    case 'request_id':
      return requestId;
    case 'principal_id':
      return principal.id;
    case 'principal_kind':
      return principal.kind;
    case 'principal_scopes':
      return joined(principal.scopes);
    case 'principal_roles':
      return joined(principal.roles);
    case undefined:
      break;
    default:
      throw rule.from_context satisfies never;
  }
  if (rule.claim !== undefined) {
    const value = valueAt(principal.claims, rule.claim);
    return Array.isArray(value) ? joined(value) : value;
  }
  const steps = rule.path?.match(/[\w-]+/g)?.slice(1) ?? [];
  let value: unknown = extensions;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return typeof value === 'boolean' ? undefined : value;
}

/** A list of names as one header, with spaces between; a name that holds a space cannot stand in it. */
function joined(names: readonly unknown[]): string | undefined {
  const isList = names.every((name) => typeof name === 'string' && name !== '' && !name.includes(' '));
  return isList && names.length > 0 ? names.join(' ') : undefined;
}
