import { setTimeout as delay } from 'node:timers/promises';
import { stripIgnoredCharacters } from 'graphql';
import type { DevTiming } from './devProcess.ts';

export interface BannerOptions {
  readonly gatewayUrl: string;
  readonly graphqlPath: string;
  readonly sampleQuery: string;
  readonly pages: readonly { readonly name: string; readonly url: string }[];
  readonly timing: DevTiming;
  /** Prints a line of the supervisor. */
  readonly print: (line: string) => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

const healthTimeoutMs = 2_000;
const queryTimeoutMs = 10_000;
const maxSamplePauseMs = 5_000;

/**
 * Waits until the gateway is ready and the sample query has succeeded through it, telling meanwhile what it waits for,
 * and prints the banner: when, and only when, a user who follows it will see an answer. One in part is enough after a while,
 * and said to be so: what answers a single field may be away for good, such as a model whose key is wrong.
 */
export async function printBannerWhenReady(options: BannerOptions): Promise<void> {
  try {
    await waitUntilReady(options);
    const problem = await waitUntilAnswered(options);
    options.print(formatBanner({ ...options, problem }));
  } catch (error) {
    if (options.signal.aborted) return;
    throw error;
  }
}

async function waitUntilReady(options: BannerOptions): Promise<void> {
  const { gatewayUrl, timing, print, signal } = options;
  const startedAt = Date.now();
  let said: string | undefined;
  for (;;) {
    const waiting = await askHealth(`${gatewayUrl}/health/ready`, signal);
    if (waiting === undefined) return;
    if (waiting !== said && Date.now() - startedAt >= timing.patienceMs) {
      print(`Waiting for ${waiting}`);
      said = waiting;
    }
    await delay(timing.pollMs, undefined, { signal });
  }
}

/** Returns what the gateway waits for, or `undefined` when it is up. */
async function askHealth(url: string, signal: AbortSignal): Promise<string | undefined> {
  let answer: { status: number; body: unknown };
  try {
    const timeout = AbortSignal.timeout(healthTimeoutMs);
    const response = await fetch(url, { signal: AbortSignal.any([signal, timeout]) });
    answer = { status: response.status, body: await response.json().catch(() => undefined) };
  } catch {
    signal.throwIfAborted();
    return 'the gateway, which does not answer yet';
  }
  const body = isRecord(answer.body) ? answer.body : {};
  if (answer.status === 200 && body.status === 'UP') return undefined;
  const list = Array.isArray(body.waiting_for) ? body.waiting_for.filter(isRecord) : [];
  if (list.length === 0) {
    return body.status === undefined
      ? `the gateway, which answers ${url} with status ${answer.status}`
      : 'the gateway, which makes its supergraph ready';
  }
  return list.map(({ subgraph, reason }) => `${String(subgraph)} (${String(reason)})`).join(', ');
}

/** @returns why the answer has errors, or `undefined` when it has none */
async function waitUntilAnswered(options: BannerOptions): Promise<string | undefined> {
  const { timing, print, signal } = options;
  const startedAt = Date.now();
  let pauseMs = timing.pollMs;
  let isTold = false;
  for (;;) {
    const answer = await askSample(options);
    if (answer === undefined) return undefined;
    if (answer.isPartial && Date.now() - startedAt >= timing.partialMs) return answer.problem;
    if (!isTold) print(`The sample query is not answered yet: ${answer.problem}`);
    isTold = true;
    await delay(pauseMs, undefined, { signal });
    // whoever has failed so far may be asked for money each time
    pauseMs = Math.min(2 * pauseMs, maxSamplePauseMs);
  }
}

interface Unanswered {
  readonly problem: string;
  /** Whether there is data beside the errors. */
  readonly isPartial: boolean;
}

/** Returns why the sample query did not succeed, or `undefined` if it did: `data` that is not null, and no errors. */
async function askSample({
  gatewayUrl,
  graphqlPath,
  sampleQuery,
  signal,
}: BannerOptions): Promise<Unanswered | undefined> {
  try {
    const response = await fetch(`${gatewayUrl}${graphqlPath}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: sampleQuery }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(queryTimeoutMs)]),
    });
    const body: unknown = await response.json();
    if (!isRecord(body)) return unanswered(`status ${response.status}, and no GraphQL response`);
    const error: unknown = Array.isArray(body.errors) ? body.errors[0] : body.errors;
    if (error !== undefined && error !== null) {
      return { problem: problemOf(error), isPartial: isRecord(body.data) };
    }
    return isRecord(body.data) ? undefined : unanswered(`status ${response.status}, and no data`);
  } catch (error) {
    signal.throwIfAborted();
    return unanswered(error instanceof Error ? error.message : String(error));
  }
}

function unanswered(problem: string): Unanswered {
  return { problem, isPartial: false };
}

/** `The provider failed. (at topProducts.0.reviewDigest)` */
function problemOf(error: unknown): string {
  if (!isRecord(error) || typeof error.message !== 'string') return JSON.stringify(error);
  return Array.isArray(error.path) ? `${error.message} (at ${error.path.join('.')})` : error.message;
}

/** The banner: where to go, what to ask, and how to end it. The addresses are what it is for, so little else is in it. */
export function formatBanner({
  gatewayUrl,
  graphqlPath,
  sampleQuery,
  pages,
  problem,
}: Pick<BannerOptions, 'gatewayUrl' | 'graphqlPath' | 'sampleQuery' | 'pages'> & {
  /** Why the answer has errors. */
  readonly problem?: string | undefined;
}): string {
  const endpoint = `${gatewayUrl}${graphqlPath}`;
  const rows = [...pages, { name: 'GraphQL endpoint', url: endpoint }];
  const width = Math.max(...rows.map(({ name }) => name.length));
  const body = JSON.stringify({ query: stripIgnoredCharacters(sampleQuery) }).replaceAll("'", "'\\''");
  return [
    '',
    problem === undefined
      ? 'Tributary is up: the gateway has just answered a query.'
      : `Tributary is up, and has answered a query in part: ${problem}`,
    '',
    ...rows.map(({ name, url }) => `  ${name.padEnd(width)}  ${url}`),
    '',
    pages.length === 0
      ? 'The query, from a shell:'
      : 'The pages open with that query. The same from a shell:',
    '',
    `  curl ${endpoint} -H 'content-type: application/json' -d '${body}'`,
    '',
    'What you change takes effect by itself. Ctrl-C ends everything.',
    '',
  ].join('\n');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
