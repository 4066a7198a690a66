import type { BenchOptions } from './options.ts';

/** What is measured, by name: each a way to ask, and what each gateway may share of its work. */
export interface Scenario {
  readonly title: string;
  /** Every request has its own authorization header, which is sent on: nothing may be shared. */
  readonly unique: boolean;
  readonly latencyMs: number;
  /** File of the operation, or a name in `operations/`. */
  readonly operation: string;
  readonly connections: number;
  /** The subgraph that is asked the same, without a gateway, to compare with. */
  readonly direct?: string;
  /** Whether gateways may answer equal requests of clients once. */
  readonly sharesInbound: boolean;
  /** Whether ours has a rule on every field of the operation, and is compared with itself without rules. */
  readonly isGuarded?: boolean;
  /** Whether ours has every policy of its traffic to subgraphs on, and is compared with itself without. */
  readonly isShaped?: boolean;
}

const ordinary: Scenario = {
  title: 'each request with its own credentials: nothing is shared',
  unique: true,
  latencyMs: 0,
  operation: 'everything',
  connections: 50,
  sharesInbound: false,
};

export const scenarios = {
  unique: ordinary,
  equal: { ...ordinary, title: 'equal requests: calls to subgraphs in flight may be shared', unique: false },
  inbound: {
    ...ordinary,
    title: 'equal requests, answered once while in flight (a setting)',
    unique: false,
    sharesInbound: true,
  },
  latency: { ...ordinary, title: 'subgraphs that answer after 4 ms: look at p99', latencyMs: 4 },
  authorization: {
    ...ordinary,
    title: 'a rule on every field asked for (17), beside the same gateway without rules',
    isGuarded: true,
  },
  policies: {
    ...ordinary,
    title: 'every policy of the traffic to subgraphs on, beside the same gateway with all off',
    isShaped: true,
  },
  large: {
    ...ordinary,
    title: 'one answer of 7 MB, one request at a time',
    direct: 'products',
    operation: 'large',
    connections: 1,
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;

/** The scenario, changed by what the command line names. */
export function scenarioOf(options: Pick<BenchOptions, 'scenario' | 'changes'>): Scenario {
  return { ...scenarios[options.scenario], ...options.changes };
}
