import { z } from 'zod';
import {
  count,
  group,
  laidOver,
  milliseconds,
  ms,
  partOf,
  positive,
  setting,
  sizes,
  time,
} from '../../runtime/setting.ts';
import { requestHeaderName } from './headerNames.ts';
import type { SubgraphTraffic } from './traffic/subgraphTraffic.ts';

const percent = (value: number) => z.number().gt(0).max(100).default(value);

const subgraphSettings = group({
  timeout_ms: setting(milliseconds(5_000), {
    ...ms,
    description:
      'One try of a request to a subgraph, from waiting for its turn to the last byte of the answer.',
  }),
  total_timeout_ms: setting(time.optional(), {
    ...ms,
    defaultText: '`timeout_ms`',
    description: 'The request in all: every try, and what is waited between them.',
  }),
  max_response_bytes: setting(count(10_000_000), {
    ...sizes,
    description: 'A larger answer of a subgraph is refused.',
  }),
  max_connections: setting(count(256), {
    unit: 'connections',
    description: 'Connections to one subgraph, or to each of its instances.',
  }),
  http2: setting(z.enum(['disable', 'enable', 'http2only']).default('disable'), {
    description:
      '`enable`: HTTP/2 over TLS where the subgraph offers it, else HTTP/1.1. `http2only`: HTTP/2 alone, without TLS too.',
  }),
  deadline_header: setting(requestHeaderName.optional(), {
    defaultText: 'none',
    description:
      'Header that tells a subgraph how long its answer is waited for, in ms: `x-envoy-expected-rq-timeout-ms`. What a client sends under that name is not sent on.',
  }),
  compression: group({
    accept: setting(z.array(z.enum(['br', 'gzip'])).default([]), {
      defaultText: 'none',
      description:
        'Codings in which a subgraph may send its answers. `max_response_bytes` holds for what they inflate to.',
    }),
    request_min_bytes: setting(positive.optional(), {
      ...sizes,
      defaultText: 'none',
      description: 'Requests from this size on are sent in gzip, which the subgraph must take.',
    }),
  }),
  deduplicate_query: setting(z.boolean().default(true), {
    description:
      'A query to a subgraph waits for the answer to an equal one that is in flight: the same body, and the same headers as they are sent. Never within a mutation. Engine `compiled` only.',
  }),
  concurrency: group({
    max: setting(positive.optional(), {
      unit: 'requests',
      defaultText: '`max_connections`, of each instance',
      description: 'Requests in flight to one subgraph; more wait for one of them to end.',
    }),
    max_queue: setting(z.int().min(0).default(1_000), {
      unit: 'requests',
      description: 'Requests that may wait; one more fails at once with `REQUEST_CONCURRENCY_LIMITED`.',
    }),
    max_wait_ms: setting(milliseconds(1_000), {
      ...ms,
      description: 'How long they wait, before they fail with that.',
    }),
  }),
  retry: group({
    enabled: setting(z.boolean().default(false), {
      description:
        'Send a query again that got no answer, none in time, or one of `statuses`. Never a mutation, and never once an answer has begun.',
    }),
    max_attempts: setting(count(3), {
      unit: 'requests',
      description: 'How often it is sent in all. Leave room for it in `total_timeout_ms`.',
    }),
    interval_ms: setting(milliseconds(100), {
      ...ms,
      description:
        'A random time of up to this is waited before it is sent again; twice as much each time. `Retry-After` of the subgraph wins.',
    }),
    max_interval_ms: setting(milliseconds(2_000), { ...ms, description: 'The longest such time.' }),
    statuses: setting(z.array(z.int().min(400).max(599)).default([500, 502, 503, 504]), {
      defaultText: '`[500,502,503,504]`',
      description: 'HTTP statuses after which it is sent again; with 429, when that is to be retried too.',
    }),
    budget: group({
      percent: setting(z.number().min(0).max(1_000).default(20), {
        unit: '%',
        description: 'At most this share of the queries to a subgraph is sent again.',
      }),
      min_per_second: setting(z.number().min(0).default(10), {
        unit: 'requests/s',
        description: 'So many may be sent again however few queries there are.',
      }),
      ttl_ms: setting(z.int().min(1_000).max(60_000).default(10_000), {
        ...ms,
        description: 'How long a query counts.',
      }),
    }),
  }),
  hedging: group({
    enabled: setting(z.boolean().default(false), {
      description:
        'Send a slow query a second time, to another instance where there is one, and take the first answer. Never a mutation.',
    }),
    percentile: setting(z.number().min(50).max(99.9).default(95), {
      unit: '%',
      description: 'A query is slow when it takes longer than this share of the recent ones.',
    }),
    min_ms: setting(milliseconds(20), { ...ms, description: 'It is not slow before this time.' }),
    budget_percent: setting(percent(10), {
      unit: '%',
      description: 'At most this share of the queries to a subgraph is sent a second time.',
    }),
  }),
  circuit_breaker: group({
    enabled: setting(z.boolean().default(false), {
      description:
        'Stop asking a subgraph that fails (a 5xx, no answer, none in time, no GraphQL) for a while: requests fail at once with `SUBGRAPH_CIRCUIT_BREAKER_REJECTED`.',
    }),
    request_threshold: setting(count(20), {
      unit: 'requests',
      description: 'It does not open before so many have ended within `rolling_duration_ms`.',
    }),
    error_threshold_percent: setting(percent(50), {
      unit: '%',
      description: 'It opens when so many of them have failed.',
    }),
    rolling_duration_ms: setting(milliseconds(60_000), {
      ...ms,
      description: 'How long an answer counts.',
    }),
    num_buckets: setting(z.int().min(1).max(1_000).default(10), {
      unit: 'buckets',
      description: 'In how many steps that is forgotten; it divides `rolling_duration_ms`.',
    }),
    sleep_window_ms: setting(milliseconds(30_000), {
      ...ms,
      description: 'How long nothing is sent; then some requests are let through.',
    }),
    half_open_attempts: setting(count(5), {
      unit: 'requests',
      description: 'How many, in each `sleep_window_ms`. One that fails opens it again.',
    }),
    required_successful: setting(count(3), {
      unit: 'requests',
      description: 'How many must succeed for it to close.',
    }),
  }),
});

type SubgraphSettings = z.output<typeof subgraphSettings>;

/** `traffic_shaping:` of `gateway.yaml`: how requests reach subgraphs, and in what time they are answered. */
export const trafficSettingsSchema = group({
  inbound: group({
    timeout_ms: setting(time.optional(), {
      ...ms,
      defaultText: 'twice the longest time of a subgraph',
      description:
        'A request must be answered in this time; otherwise it is ended with a 504. Keep it above the time of a subgraph.',
    }),
    deduplicate_query: setting(z.boolean().default(false), {
      description:
        'Requests of clients that are equal in everything (URL, every header, address, body) are answered once while they are in flight. Never mutations.',
    }),
  }),
  all: subgraphSettings,
  subgraphs: setting(z.record(z.string().min(1), partOf(subgraphSettings)).default({}), {
    defaultText: 'none',
    description: 'The settings of `all` by subgraph name; what is left out is that of `all`.',
  }),
}).superRefine(({ all, subgraphs }, context) => {
  refuseContradictions(all, ['all'], context);
  for (const [subgraph, own] of Object.entries(subgraphs)) {
    refuseContradictions(laidOver(all, own), ['subgraphs', subgraph], context);
  }
});

function refuseContradictions(
  { circuit_breaker: { rolling_duration_ms, num_buckets } }: SubgraphSettings,
  path: readonly string[],
  context: z.RefinementCtx,
): void {
  if (rolling_duration_ms % num_buckets === 0) return;
  context.addIssue({
    code: 'custom',
    path: [...path, 'circuit_breaker', 'num_buckets'],
    message: `has to divide \`rolling_duration_ms\`, which is ${rolling_duration_ms}`,
  });
}

export type TrafficSettings = z.output<typeof trafficSettingsSchema>;

/** How requests to each subgraph are sent, by its name. */
export function trafficBy({
  all,
  subgraphs,
}: Pick<TrafficSettings, 'all' | 'subgraphs'>): (subgraph: string) => SubgraphTraffic {
  const ofAll = trafficOf(all);
  const own = new Map(
    Object.entries(subgraphs).map(([subgraph, settings]) => [subgraph, trafficOf(laidOver(all, settings))]),
  );
  return (subgraph) => own.get(subgraph) ?? ofAll;
}

function trafficOf(settings: SubgraphSettings): SubgraphTraffic {
  const { compression, concurrency, retry, hedging, circuit_breaker: breaker } = settings;
  return {
    timeoutMs: settings.timeout_ms,
    totalTimeoutMs: settings.total_timeout_ms ?? settings.timeout_ms,
    maxResponseBytes: settings.max_response_bytes,
    maxConnections: settings.max_connections,
    http2: settings.http2 === 'disable' ? undefined : settings.http2,
    compression:
      compression.accept.length > 0 || compression.request_min_bytes !== undefined
        ? { accepts: compression.accept, requestMinBytes: compression.request_min_bytes }
        : undefined,
    sharesCalls: settings.deduplicate_query,
    deadlineHeader: settings.deadline_header,
    concurrency: {
      max: concurrency.max,
      maxQueue: concurrency.max_queue,
      maxWaitMs: concurrency.max_wait_ms,
    },
    retry: retry.enabled
      ? {
          maxAttempts: retry.max_attempts,
          intervalMs: retry.interval_ms,
          maxIntervalMs: retry.max_interval_ms,
          statuses: retry.statuses,
          budget: {
            percent: retry.budget.percent,
            minPerSecond: retry.budget.min_per_second,
            ttlMs: retry.budget.ttl_ms,
          },
        }
      : undefined,
    hedging: hedging.enabled
      ? { percentile: hedging.percentile, minMs: hedging.min_ms, budgetPercent: hedging.budget_percent }
      : undefined,
    circuitBreaker: breaker.enabled
      ? {
          requestThreshold: breaker.request_threshold,
          errorThresholdPercent: breaker.error_threshold_percent,
          rollingDurationMs: breaker.rolling_duration_ms,
          numBuckets: breaker.num_buckets,
          sleepWindowMs: breaker.sleep_window_ms,
          halfOpenAttempts: breaker.half_open_attempts,
          requiredSuccessful: breaker.required_successful,
        }
      : undefined,
  };
}

/** The time for a request of a client: it may need subgraphs one after another, each within its own time. */
export function answerTimeoutMs({ inbound, all, subgraphs }: TrafficSettings): number {
  const times = [all, ...Object.values(subgraphs).map((own) => laidOver(all, own))].map(
    ({ timeout_ms, total_timeout_ms = timeout_ms }) => total_timeout_ms,
  );
  return inbound.timeout_ms ?? 2 * Math.max(...times);
}
