import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FaultHarness, startFaultHarness } from './faultHarness.ts';
import { faults } from './faults.ts';
import { askKinds } from './faultyGraph.ts';
import { askUntilWhole, breakerSettings } from './scenarios.ts';

/* Which faults count against a subgraph: those after which it is better left alone. */

let harness: FaultHarness;

beforeAll(async () => {
  harness = await startFaultHarness({
    settings: {
      engine: 'compiled',
      traffic_shaping: {
        all: { timeout_ms: 400, circuit_breaker: { ...breakerSettings, sleep_window_ms: 20 } },
      },
    },
  });
});

afterAll(() => harness?.stop());

const timesOpened = (): number =>
  harness.log.filter(({ msg }) => msg.startsWith('circuit breaker open')).length;

describe('faults: behind a circuit breaker', () => {
  test.each(faults.filter(({ over }) => over !== 'http2'))(
    'a subgraph that $name is spared: $isFailure',
    async (fault) => {
      const kind = askKinds.find((each) => fault.sees[each] !== undefined) ?? 'root';
      // after two answers one failure opens it
      for (let asked = 0; asked < 2; asked += 1) await askUntilWhole(harness);
      const before = timesOpened();
      await harness.ask(kind, { fault });
      expect(timesOpened() - before).toBe(fault.isFailure ? 1 : 0);
    },
  );
});
