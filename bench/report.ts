import type { GatewayName } from './gateways.ts';

/** One gateway in one round. */
export interface Measurement {
  readonly gateway: GatewayName;
  /** From 1. */
  readonly round: number;
  readonly requests: number;
  readonly failed: number;
  readonly requestsPerSecond: number;
  /** Processor time of the gateway, all its threads and processes, for one request. */
  readonly cpuMsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly peakMegabytes: number;
  readonly subgraphRequestsPerRequest: number;
}

/** The least, the middle and the greatest value of the rounds. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Tributary's figure divided by another gateway's of the same round. */
export interface Ratios {
  readonly to: GatewayName;
  /** More is better. */
  readonly throughput: Spread;
  /** Less is better. */
  readonly cpuPerRequest: Spread;
  /** Less is better. */
  readonly p99: Spread;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    min: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    max: at(sorted.length - 1),
  };
}

/** Divides round by round, so that a noisy moment of the machine counts against both. */
export function ratiosOf(measurements: readonly Measurement[], to: GatewayName): Ratios {
  const pairs = measurements.flatMap((ours) => {
    if (ours.gateway !== 'tributary') return [];
    const bare = measurements.find(({ gateway, round }) => gateway === to && round === ours.round);
    return bare === undefined ? [] : [{ ours, bare }];
  });
  const ratio = (figure: (measurement: Measurement) => number): Spread =>
    spreadOf(pairs.map(({ ours, bare }) => figure(ours) / figure(bare)));
  return {
    to,
    throughput: ratio(({ requestsPerSecond }) => requestsPerSecond),
    cpuPerRequest: ratio(({ cpuMsPerRequest }) => cpuMsPerRequest),
    p99: ratio(({ p99Ms }) => p99Ms),
  };
}

const columns: readonly [title: string, cell: (measurement: Measurement) => string][] = [
  ['round', ({ round }) => String(round)],
  ['gateway', ({ gateway }) => gateway],
  ['requests/s', ({ requestsPerSecond }) => requestsPerSecond.toFixed(1)],
  ['CPU ms/request', ({ cpuMsPerRequest }) => cpuMsPerRequest.toFixed(2)],
  ['p50 ms', ({ p50Ms }) => p50Ms.toFixed(0)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(0)],
  ['peak MB', ({ peakMegabytes }) => peakMegabytes.toFixed(0)],
  ['subgraph requests', ({ subgraphRequestsPerRequest }) => subgraphRequestsPerRequest.toFixed(2)],
  ['failed', ({ failed }) => String(failed)],
];

/** The head of the table, over the rows of `printRow`. */
export function printHead(): string {
  return columns.map(([title], index) => pad(title, index)).join('  ');
}

export function printRow(measurement: Measurement): string {
  return columns.map(([, cell], index) => pad(cell(measurement), index)).join('  ');
}

function pad(text: string, index: number): string {
  return text.padStart(Math.max(columns[index]?.[0].length ?? 0, 9));
}

/** What each gateway adds to the time of the subgraph alone; nothing where that was not asked. */
export function printAdded(measurements: readonly Measurement[]): string | undefined {
  const median = (gateway: GatewayName): number =>
    spreadOf(measurements.filter((one) => one.gateway === gateway).map(({ p50Ms }) => p50Ms)).median;
  const direct = median('direct');
  if (Number.isNaN(direct)) return undefined;
  const gateways = [...new Set(measurements.map(({ gateway }) => gateway))].filter(
    (name) => name !== 'direct',
  );
  const added = gateways.map((name) => `${name} ${(median(name) - direct).toFixed(0)} ms`);
  return `added to the ${direct.toFixed(0)} ms of the subgraph alone, p50: ${added.join(', ')}`;
}

export function printRatios({ to, throughput, cpuPerRequest, p99 }: Ratios): string {
  const line = (title: string, { min, median, max }: Spread, note: string): string =>
    `  ${title.padEnd(16)} ${median.toFixed(2)}  (${min.toFixed(2)} to ${max.toFixed(2)})  ${note}`;
  return [
    `tributary / ${to}, median (min to max of the rounds):`,
    line('throughput', throughput, 'more is better'),
    line('CPU per request', cpuPerRequest, 'less is better'),
    line('p99', p99, 'less is better'),
  ].join('\n');
}
