import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectRequired, type Shown, show, showings } from './checkFault.ts';
import { type FaultHarness, startFaultHarness } from './faultHarness.ts';
import { faults } from './faults.ts';
import { operatorRows } from './operatorTable.ts';
import type { Policy } from './policies.ts';

/**
 * Shows every fault of the list under the policies, in each way that it is met: the exact code at the client's path, the data of
 * the other subgraph, no word of where and how, a mutation sent once, a bounded time, a line in the log, and a next request
 * that is well.
 */
export function testFaultsUnder(policies: readonly Policy[]): void {
  const light = faults.filter((fault) => fault.isHeavy !== true);

  describe.each(policies)('faults: a gateway $name', (policy) => {
    const shown = showings(light, policy);
    let harness: FaultHarness;
    /** Those that take their time are asked together. */
    let late: readonly Shown[];

    beforeAll(async () => {
      harness = await startFaultHarness(policy);
      const slow = shown.filter(({ fault }) => fault.lastsUntilDeadline === true);
      late = await Promise.all(slow.map((showing) => show(harness, showing)));
    });

    afterAll(() => harness?.stop());

    test.each(shown.map((showing) => ({ ...showing, name: showing.fault.name })))(
      'bears a subgraph that $name, asked for $kind',
      async (showing) => {
        const { fault, kind } = showing;
        const before = late.find((each) => each.fault === fault && each.kind === kind);
        expectRequired(before ?? (await show(harness, showing)), { harness, policy });
      },
    );

    test('counts each by what came of it', async () => {
      await harness.stop();
      const { figures } = harness.log.findLast((line) => line.figures !== undefined) ?? {};
      const outcomes = Object.keys(figures?.['http.client.request.duration'] ?? {});
      expect(outcomes.filter((outcome) => outcome.startsWith('reviews ')).sort()).toEqual(
        [...new Set(shown.map(({ fault }) => `reviews ${operatorRows[fault.row].outcome}`))].sort(),
      );
    });
  });
}
