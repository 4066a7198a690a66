import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { leaksOf, showings } from './checkFault.ts';
import { type FaultHarness, startFaultHarness } from './faultHarness.ts';
import { faults } from './faults.ts';
import { placeOf, wholeData } from './faultyGraph.ts';
import { retrySettings } from './scenarios.ts';

/* Faults that pass: which of them a client does not see, because its query is tried again. */

const TRY_MS = 400;
let harness: FaultHarness;

beforeAll(async () => {
  harness = await startFaultHarness({
    settings: {
      engine: 'compiled',
      traffic_shaping: { all: { timeout_ms: TRY_MS, total_timeout_ms: 20 * TRY_MS, retry: retrySettings } },
    },
  });
});

afterAll(() => harness?.stop());

const light = faults.filter(({ isHeavy }) => isHeavy !== true);

describe('faults: a gateway that retries', () => {
  const shown = showings(light, {}).map((showing) => ({ ...showing, name: showing.fault.name }));

  test.each(shown)('meets a subgraph that $name once, asked for $kind', async ({ fault, kind, expected }) => {
    const seen = await harness.ask(kind, { fault, times: 1 });
    const isMended = fault.isRetried === true && kind !== 'mutation';
    expect([seen.status, seen.sent]).toEqual([200, isMended ? 2 : 1]);
    if (isMended) expect([seen.data, seen.errors]).toEqual([wholeData[kind], []]);
    else {
      const errors = seen.errors.map(({ path = null, extensions }) => ({ code: extensions?.code, path }));
      expect(errors).toEqual(expected.errors.map(({ code, path = placeOf[kind] }) => ({ code, path })));
    }
    expect(leaksOf(seen.text, harness)).toEqual([]);
  });
});
