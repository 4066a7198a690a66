import { z } from 'zod';
import type { HeaderLines } from '../../http/graphqlAnswer.ts';
import {
  hasOneSelector,
  headerPattern,
  headerValue,
  isHeaderValue,
  isReservedInResponses,
  namedByConnection,
  ONE_SELECTOR,
  RENAMES_ONE,
  renamesOneHeader,
  responseHeaderName,
} from './headerNames.ts';
import type { AnswerHeaders, SubgraphAnswer } from './subgraphRequest.ts';

/*
 * Which headers of subgraphs' answers are sent on to the client. Nothing is sent on without a rule.
 * Syntax of Cosmo Router: https://cosmo-docs.wundergraph.com/router/proxy-capabilities/response-header-operations
 */

const propagate = z
  .strictObject({
    op: z.literal('propagate'),
    named: responseHeaderName.optional(),
    matching: headerPattern.optional(),
    /** Send on what the pattern does not match. */
    negate_match: z.boolean().default(false),
    rename: responseHeaderName.optional(),
    default: headerValue.optional(),
    /** What to do where the header is written already. */
    algorithm: z.enum(['first_write', 'last_write', 'append']).optional(),
  })
  .refine(hasOneSelector, ONE_SELECTOR)
  .refine(renamesOneHeader, RENAMES_ONE)
  .refine((rule) => !rule.negate_match || rule.matching !== undefined, '`negate_match` goes with `matching`');

const set = z.strictObject({ op: z.literal('set'), name: responseHeaderName, value: headerValue });

export const responseHeaderRule = z.discriminatedUnion('op', [propagate, set], {
  error: 'takes an `op`: `propagate` or `set`',
});

export type ResponseHeaderRule = z.output<typeof responseHeaderRule>;
type PropagateRule = z.output<typeof propagate>;

export interface ResponseHeaderRules {
  readonly all: readonly ResponseHeaderRule[];
  readonly subgraphs: ReadonlyMap<string, readonly ResponseHeaderRule[]>;
  /** Told the names of headers that are more than may be sent on. */
  readonly onLeftOut?: (names: readonly string[]) => void;
}

/** Compiled rules. */
export interface ForwardHeaders {
  /** Whether anything of a subgraph's answers may be sent on. */
  isOf(subgraph: string): boolean;
  /**
   * Whether an answer of it may set a cookie at the client. Such an answer is for one client alone: two that share it would
   * share a session.
   */
  maySetCookie(subgraph: string): boolean;
  /** @param answers in the order of the plan, which decides what is first and last */
  forward(answers: readonly SubgraphAnswer[]): HeaderLines;
}

/**
 * Lines and bytes that are sent on at most, those of longer answers being left out: clients and proxies refuse a response whose headers
 * are larger than they expect (Node.js: 16 KiB; nginx: 4 or 8 KiB).
 */
const MAX_LINES = 64;
const MAX_BYTES = 8_192;

/**
 * Compiles rules: those for all subgraphs first, then those of each. A rule is applied to all answers that it is for before the next
 * one is.
 *
 * @returns `undefined` where there is no rule
 */
export function compileResponseHeaderRules({
  all,
  subgraphs,
  onLeftOut,
}: ResponseHeaderRules): ForwardHeaders | undefined {
  const ofSubgraphs = [...subgraphs].filter(([, rules]) => rules.length > 0);
  if (all.length === 0 && ofSubgraphs.length === 0) return undefined;
  const rulesOf = new Map(ofSubgraphs);
  return {
    isOf: (subgraph) => all.length > 0 || rulesOf.has(subgraph),
    maySetCookie: (subgraph) => [...all, ...(rulesOf.get(subgraph) ?? [])].some(setsCookie),
    forward: (answers) => {
      const written = new WrittenHeaders();
      const received = answers.filter(({ headers }) => headers !== undefined).map(withPerConnection);
      for (const rule of all) apply(rule, received, written);
      for (const [subgraph, rules] of ofSubgraphs) {
        const own = received.filter((answer) => answer.subgraph === subgraph);
        for (const rule of rules) apply(rule, own, written);
      }
      return written.bounded(onLeftOut);
    },
  };
}

interface ReceivedHeaders {
  readonly subgraph: string;
  readonly headers: AnswerHeaders;
  readonly perConnection: ReadonlySet<string>;
}

function withPerConnection({ subgraph, headers = {} }: SubgraphAnswer): ReceivedHeaders {
  return { subgraph, headers, perConnection: namedByConnection(headers.connection) };
}

function apply(rule: ResponseHeaderRule, answers: readonly ReceivedHeaders[], written: WrittenHeaders): void {
  if (answers.length === 0) return;
  switch (rule.op) {
    case 'set':
      written.write(rule.name, [rule.value], 'last_write');
      break;
    case 'propagate':
      if (rule.matching === undefined) applyNamed(rule, answers, written);
      else applyPattern(rule, answers, written);
      break;
    default:
      throw rule satisfies never;
  }
}

function applyNamed(rule: PropagateRule, answers: readonly ReceivedHeaders[], written: WrittenHeaders): void {
  const { named = '', rename: target = named, algorithm } = rule;
  let isFound = false;
  for (const answer of answers) {
    const values = valuesOf(answer, named);
    if (values.length === 0) continue;
    isFound = true;
    written.write(target, values, algorithm);
  }
  // it stands in for what no answer has: one that lacks the header must not displace the value of another
  if (!isFound && rule.default !== undefined) written.write(target, [rule.default], algorithm);
}

function applyPattern(
  { matching, negate_match, algorithm }: PropagateRule,
  answers: readonly ReceivedHeaders[],
  written: WrittenHeaders,
): void {
  for (const answer of answers) {
    for (const name of Object.keys(answer.headers)) {
      if (isReservedInResponses(name) || OF_THE_ORIGIN.has(name)) continue;
      if (matching?.test(name) === negate_match) continue;
      const values = valuesOf(answer, name);
      if (values.length > 0) written.write(name, values, algorithm);
    }
  }
}

/**
 * Headers that speak for every page of the gateway's host, or send browsers elsewhere: a pattern does not send them on, only a
 * rule that names them.
 */
const OF_THE_ORIGIN = new Set([
  'alt-svc',
  'clear-site-data',
  'content-security-policy',
  'content-security-policy-report-only',
  'cross-origin-embedder-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'location',
  'nel',
  'permissions-policy',
  'public-key-pins',
  'referrer-policy',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'strict-transport-security',
]);

function valuesOf({ headers, perConnection }: ReceivedHeaders, name: string): readonly string[] {
  if (!Object.hasOwn(headers, name) || perConnection.has(name)) return NO_VALUES;
  const value = headers[name];
  const values = typeof value === 'string' ? [value] : (value ?? NO_VALUES);
  return values.filter(isHeaderValue);
}
const NO_VALUES: readonly string[] = [];

const SET_COOKIE = 'set-cookie';

function setsCookie(rule: ResponseHeaderRule): boolean {
  if (rule.op === 'set') return rule.name === SET_COOKIE;
  return rule.matching === undefined
    ? (rule.rename ?? rule.named) === SET_COOKIE
    : rule.matching.test(SET_COOKIE) !== rule.negate_match;
}

class WrittenHeaders {
  readonly #values = new Map<string, readonly string[]>();

  /** Without an algorithm cookies are added, as each is a thing of its own, and of other headers the last is kept. */
  write(name: string, values: readonly string[], algorithm: PropagateRule['algorithm']): void {
    const before = this.#values.get(name);
    const isCookie = name === SET_COOKIE;
    switch (algorithm ?? (isCookie ? 'append' : 'last_write')) {
      case 'first_write':
        if (before === undefined) this.#values.set(name, values);
        break;
      case 'last_write':
        this.#values.set(name, values);
        break;
      case 'append': {
        const together = [...(before ?? []), ...values];
        // several requests to one subgraph set the same cookie
        this.#values.set(name, isCookie ? [...new Set(together)] : together);
        break;
      }
    }
  }

  /**
   * Several values are one line with commas between, as lists are (RFC 9110 §5.3). Not so cookies: a comma may stand within one
   * (RFC 6265 §3).
   */
  bounded(onLeftOut: ResponseHeaderRules['onLeftOut']): HeaderLines {
    const bounded = new Map<string, string | readonly string[]>();
    const leftOut: string[] = [];
    let lines = 0;
    let bytes = 0;
    for (const [name, values] of this.#values) {
      const kept: string[] = [];
      for (const value of name === SET_COOKIE ? values : [values.join(', ')]) {
        const size = name.length + value.length + LINE_BYTES;
        if (lines + 1 > MAX_LINES || bytes + size > MAX_BYTES) {
          leftOut.push(name);
          continue;
        }
        lines += 1;
        bytes += size;
        kept.push(value);
      }
      const [first] = kept;
      if (first !== undefined) bounded.set(name, name === SET_COOKIE ? kept : first);
    }
    if (leftOut.length > 0) onLeftOut?.(leftOut);
    return bounded;
  }
}

/** The colon, the space and the end of a line. */
const LINE_BYTES = 4;
