import { pino } from 'pino';
import type { EngineOptions } from '../../gateway/engine.ts';
import { HeldStates } from '../../gateway/execute/subgraph/traffic/heldStates.ts';
import type { SubgraphTraffic } from '../../gateway/execute/subgraph/traffic/subgraphTraffic.ts';
import { followNobody } from '../../gateway/supergraph/discoveries.ts';
import { Telemetry } from '../../gateway/telemetry/telemetry.ts';

export const trafficUnderTest: SubgraphTraffic = {
  timeoutMs: 5_000,
  totalTimeoutMs: 5_000,
  maxResponseBytes: 1_000_000,
  maxConnections: 8,
  sharesCalls: true,
  concurrency: { max: undefined, maxQueue: 1_000, maxWaitMs: 1_000 },
};

/** What an engine is built with in a test that builds one itself: silent, patient, without limits of its own. */
export function engineOptions(options: Partial<EngineOptions> = {}): EngineOptions {
  const log = pino({ level: 'silent' });
  return {
    log,
    telemetry: new Telemetry(),
    trafficFor: () => trafficUnderTest,
    states: new HeldStates(),
    exposeQueryPlan: false,
    maxSubgraphFetches: undefined,
    headersFor: () => () => ({}),
    discovery: {
      follow: followNobody,
      balancing: {
        zone: undefined,
        ejection: { failures: 5, baseMs: 10_000, maxMs: 300_000, maxPercent: 50 },
      },
    },
    planning: { timeoutMs: 5_000, maxQueue: 10, maxCacheBytes: 10_000_000 },
    ...options,
  };
}
