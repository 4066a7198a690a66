import { z } from 'zod';
import { count, group, laidOver, milliseconds, ms, partOf, setting, sizes } from '../../runtime/setting.ts';
import { headerName, isReservedHeader } from './headerRules.ts';
import type { SubgraphTraffic } from './traffic/subgraphTraffic.ts';

const deadlineHeader = headerName.refine(
  (name) => !isReservedHeader(name),
  'is a header that the gateway writes by itself',
);

const subgraphSettings = group({
  timeout_ms: setting(milliseconds(5_000), {
    ...ms,
    description:
      'One try of a request to a subgraph, from waiting for its turn to the last byte of the answer.',
  }),
  total_timeout_ms: setting(milliseconds(5_000).removeDefault().optional(), {
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
  deadline_header: setting(deadlineHeader.optional(), {
    defaultText: 'none',
    description:
      'Header that tells a subgraph how long its answer is waited for, in ms: `x-envoy-expected-rq-timeout-ms`. What a client sends under that name is not sent on.',
  }),
  deduplicate_query: setting(z.boolean().default(true), {
    description:
      'A query to a subgraph waits for the answer to an equal one that is in flight: the same body, and the same headers as they are sent. Never within a mutation. Engine `compiled` only.',
  }),
});

/** `traffic_shaping:` of `gateway.yaml`: how requests reach subgraphs, and in what time they are answered. */
export const trafficSettingsSchema = group({
  inbound: group({
    timeout_ms: setting(milliseconds(10_000).removeDefault().optional(), {
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
});

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

function trafficOf(settings: TrafficSettings['all']): SubgraphTraffic {
  return {
    timeoutMs: settings.timeout_ms,
    totalTimeoutMs: settings.total_timeout_ms ?? settings.timeout_ms,
    maxResponseBytes: settings.max_response_bytes,
    maxConnections: settings.max_connections,
    sharesCalls: settings.deduplicate_query,
    deadlineHeader: settings.deadline_header,
  };
}

/** The time for a request of a client: it may need subgraphs one after another, each within its own time. */
export function answerTimeoutMs({ inbound, all, subgraphs }: TrafficSettings): number {
  const times = [all, ...Object.values(subgraphs).map((own) => laidOver(all, own))].map(
    ({ timeout_ms, total_timeout_ms = timeout_ms }) => total_timeout_ms,
  );
  return inbound.timeout_ms ?? 2 * Math.max(...times);
}
