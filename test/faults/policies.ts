import { type FaultHarnessOptions, harnessTimeoutMs } from './faultHarness.ts';
import type { ExpectedAnswer, ExpectedError, Fault } from './faults.ts';
import type { AskKind } from './faultyGraph.ts';

/** A state of the settings that every fault is shown under. A new one is tested by being listed. */
export interface Policy extends FaultHarnessOptions {
  readonly name: string;
  /** What the client sees there, where that differs from what the fault says; each difference with its reason. */
  readonly sees?: (fault: Fault, kind: AskKind, expected: ExpectedAnswer) => ExpectedAnswer;
  /** Most times that a query is sent. Default: twice, since a kept connection may have lost it on its way; each try may be. */
  readonly mostSent?: number;
  /** Whether it is an engine as it is by default: faults that are large are shown to those alone. */
  readonly isEngine?: true;
}

const GATEWAY_CODES = new Set(['SUBREQUEST_HTTP_ERROR', 'SUBREQUEST_MALFORMED_RESPONSE', 'GATEWAY_TIMEOUT']);
const isOfTheGateway = ({ code }: ExpectedError): boolean =>
  GATEWAY_CODES.has(code) || code === 'RESPONSE_VALIDATION_FAILED';

const everyPolicy = {
  all: {
    total_timeout_ms: harnessTimeoutMs,
    deadline_header: 'x-deadline',
    concurrency: { max: 100 },
    retry: { enabled: true, interval_ms: 1, budget: { percent: 100 } },
    hedging: { enabled: true, percentile: 50, min_ms: 1, budget_percent: 100 },
    circuit_breaker: { enabled: true, request_threshold: 1_000_000 },
  },
} as const;

/** The stock engine's own ways. */
const asStock: NonNullable<Policy['sees']> = ({ row }, _kind, { data, errors }) => ({
  data,
  errors: errors
    // what is not of its type is null there, without a word
    .filter(({ code }) => code !== 'RESPONSE_VALIDATION_FAILED')
    // it knows the paths that a subgraph names, and none for what failed as a whole
    .map((error) => ({ ...error, path: row === 'reported' ? (error.path ?? null) : null })),
});

export const policies: readonly Policy[] = [
  { name: 'as it is by default', settings: { engine: 'compiled' }, isEngine: true },
  {
    name: 'with errors redacted, as in production',
    settings: { engine: 'compiled', include_subgraph_errors: { all: false } },
    sees: (_fault, _kind, { data, errors }) => ({
      data,
      errors: errors.map((error) => ({
        ...error,
        // what a subgraph says in its own words or codes is its own affair
        code: isOfTheGateway(error) ? error.code : 'DOWNSTREAM_SERVICE_ERROR',
        status: undefined,
      })),
    }),
  },
  {
    name: 'with calls not shared',
    settings: { engine: 'compiled', traffic_shaping: { all: { deduplicate_query: false } } },
  },
  {
    name: 'with two instances of the subgraph',
    // one server at two addresses; neither is left alone, so that each fault is seen
    routingUrl: (url) => `static:${url},${url}?instance=2`,
    settings: { engine: 'compiled', discovery: { ejection: { failures: 1_000_000 } } },
  },
  {
    name: 'with settings of the subgraph’s own',
    settings: {
      engine: 'compiled',
      traffic_shaping: {
        all: { timeout_ms: 20_000 },
        subgraphs: { reviews: { timeout_ms: harnessTimeoutMs } },
      },
    },
  },
  {
    name: 'with circuit breakers that stay closed',
    settings: {
      engine: 'compiled',
      traffic_shaping: { all: { circuit_breaker: { enabled: true, request_threshold: 1_000_000 } } },
    },
  },
  {
    name: 'with retries that are in vain',
    settings: {
      engine: 'compiled',
      traffic_shaping: {
        all: {
          total_timeout_ms: harnessTimeoutMs,
          retry: { enabled: true, interval_ms: 1, budget: { percent: 100 } },
        },
      },
    },
    mostSent: 6,
  },
  {
    name: 'with hedged requests that fail like the first',
    settings: {
      engine: 'compiled',
      traffic_shaping: {
        all: { hedging: { enabled: true, percentile: 50, min_ms: 1, budget_percent: 100 } },
      },
    },
    // until it is known how long an answer takes
    quietAsks: 120,
    mostSent: 4,
  },
  {
    name: 'with every policy at once',
    settings: {
      engine: 'compiled',
      traffic_shaping: everyPolicy,
    },
    quietAsks: 120,
    mostSent: 12,
  },
  {
    name: 'with HTTP/2 to the subgraph',
    transport: 'http2',
    settings: { engine: 'compiled', traffic_shaping: { subgraphs: { reviews: { http2: 'http2only' } } } },
  },
  { name: 'with the stock engine', settings: { engine: 'apollo' }, isEngine: true, sees: asStock },
  {
    name: 'with the stock engine and every policy at once',
    settings: { engine: 'apollo', traffic_shaping: everyPolicy },
    quietAsks: 120,
    mostSent: 12,
    sees: asStock,
  },
];
