import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BlackHole, openBlackHole } from './blackHole.ts';
import { type FaultHarness, startFaultHarness } from './faultHarness.ts';
import { scenarios } from './scenarios.ts';

let blackHole: BlackHole;
let shared: FaultHarness;

beforeAll(async () => {
  blackHole = await openBlackHole();
  shared = await startFaultHarness({ silentPort: blackHole.port });
});

afterAll(async () => {
  await shared?.stop();
  await blackHole?.close();
});

describe('faults: scenarios', () => {
  test.each(scenarios)('$name', ({ run }) => run(shared));

  test('are counted by what came of them', async () => {
    await shared.stop();
    const { figures } = shared.log.findLast((line) => line.figures !== undefined) ?? {};
    const outcomes = Object.keys(figures?.['http.client.request.duration'] ?? {});
    expect(outcomes.filter((outcome) => !outcome.startsWith('products ')).sort()).toEqual([
      'gone SUBREQUEST_HTTP_ERROR',
      'reviews SUBREQUEST_HTTP_ERROR',
      'reviews answered',
      'reviews cancelled',
      'silent GATEWAY_TIMEOUT',
    ]);
  });
});
