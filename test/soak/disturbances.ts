import type { Random } from '../differential/random.ts';
import type { SoakGraph, TrafficProfile } from './soakGraph.ts';

/** Something that is done to the gateway or its subgraphs while requests are answered. A new one is done by being listed. */
export interface Disturbance {
  readonly name: string;
  /** Time between two of them, on average. */
  readonly everyMs: number;
  disturb(graph: SoakGraph, random: Random): Promise<void>;
}

/** Settings that take turns. None changes what is right, but that a circuit breaker may be open. */
const profiles: readonly TrafficProfile[] = [
  {},
  { deduplicate_query: false },
  { max_connections: 32 },
  { total_timeout_ms: 5_000, retry: { enabled: true, interval_ms: 20 } },
  {
    circuit_breaker: {
      enabled: true,
      error_threshold_percent: 15,
      rolling_duration_ms: 5_000,
      sleep_window_ms: 500,
    },
  },
  { hedging: { enabled: true } },
  { concurrency: { max: 16, max_queue: 100 } },
  {
    total_timeout_ms: 5_000,
    retry: { enabled: true, interval_ms: 20 },
    circuit_breaker: {
      enabled: true,
      error_threshold_percent: 15,
      rolling_duration_ms: 5_000,
      sleep_window_ms: 500,
    },
    hedging: { enabled: true },
    concurrency: { max: 64 },
  },
];

export const disturbances: readonly Disturbance[] = [
  { name: 'supergraph swapped', everyMs: 5_000, disturb: (graph) => graph.swapSupergraph() },
  {
    name: 'settings changed',
    everyMs: 7_000,
    disturb: (graph, random) => graph.changeSettings(random.pick(profiles)),
  },
  {
    name: 'supergraph spoiled',
    everyMs: 20_000,
    disturb: (graph) => graph.writeSupergraph('type Query { this is no supergraph'),
  },
  {
    name: 'settings spoiled',
    everyMs: 20_000,
    disturb: (graph) => graph.writeSettings('{ "traffic_shaping": { "all": { "timeout_ms": -1 } } }'),
  },
  {
    name: 'subgraph restarted',
    everyMs: 6_000,
    disturb: (graph, random) => graph.restart('reviews', random.between(50, 700)),
  },
  {
    name: 'instance restarted',
    everyMs: 6_000,
    disturb: (graph, random) => graph.restart('ratings', random.between(50, 700)),
  },
  { name: 'instance moved', everyMs: 8_000, disturb: (graph) => graph.move() },
];
