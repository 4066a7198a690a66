import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectRequired, show, showings } from './checkFault.ts';
import { type FaultHarness, startFaultHarness } from './faultHarness.ts';
import { faults } from './faults.ts';
import { policies } from './policies.ts';

/*
 * Faults that are large. Besides what is required of all, memory stays bounded: gateway, subgraph and client are one process here, so
 * that what is seen is more than the gateway takes.
 */

const heavy = faults.filter(({ isHeavy }) => isHeavy === true);

describe.each(policies.filter(({ isEngine }) => isEngine === true))('faults: a gateway $name', (policy) => {
  let harness: FaultHarness;

  beforeAll(async () => {
    harness = await startFaultHarness(policy);
  });

  afterAll(() => harness?.stop());

  test.each(showings(heavy, policy).map((showing) => ({ ...showing, name: showing.fault.name })))(
    'bears a subgraph that $name, asked for $kind',
    async (showing) => {
      const before = process.memoryUsage.rss();
      expectRequired(await show(harness, showing), { harness, policy });
      // what is refused for its size is not kept; a value of a million levels is read before it is refused
      const mostMegabytes = showing.fault.row === 'tooLarge' ? 100 : 300;
      expect((process.memoryUsage.rss() - before) / 1_000_000).toBeLessThan(mostMegabytes);
    },
  );
});
