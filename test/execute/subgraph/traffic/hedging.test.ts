import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { GatewayError } from '../../../../gateway/errors.ts';
import { type HedgingOptions, hedging } from '../../../../gateway/execute/subgraph/traffic/hedging.ts';
import type { ReceivedAnswer } from '../../../../gateway/execute/subgraph/traffic/receivedAnswer.ts';
import type { SubgraphCall } from '../../../../gateway/execute/subgraph/traffic/subgraphCall.ts';
import { Cancellation } from '../../../../gateway/runtime/cancellation.ts';
import {
  answerUnderTest,
  callUnderTest,
  outcomeUnderTest,
  policyUnderTest,
} from '../../../support/callUnderTest.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

interface Leg {
  readonly call: SubgraphCall;
  /** In ms since the call. */
  readonly sentAtMs: number;
  readonly answer: (status?: number) => void;
  readonly fail: (error: Error) => void;
}

interface HedgesUnderTest {
  /** Sends a call; its legs are answered by the test. */
  send(call?: Partial<SubgraphCall>): { readonly legs: readonly Leg[]; readonly outcome: Promise<unknown> };
  measured(name: string): unknown;
}

/** A hundred answers have taken 50 ms each before: a call is slow after 55 ms at most. */
async function hedgesOf(options: Partial<HedgingOptions> = {}): Promise<HedgesUnderTest> {
  const { context, measured } = policyUnderTest();
  let legs: Leg[] = [];
  let startedAtMs = 0;
  const policy = hedging({ percentile: 95, minMs: 1, budgetPercent: 10, ...options }, context);
  const send = policy(
    (call) =>
      new Promise<ReceivedAnswer>((resolve, reject) => {
        legs.push({
          call,
          sentAtMs: performance.now() - startedAtMs,
          answer: (status) => resolve(answerUnderTest(status)),
          fail: reject,
        });
      }),
  );
  const hedges: HedgesUnderTest = {
    send: (call) => {
      legs = [];
      startedAtMs = performance.now();
      const outcome = outcomeUnderTest(send(callUnderTest(call)));
      return { legs, outcome };
    },
    measured: (name) => measured(`tributary.subgraph.hedging.${name}`),
  };
  for (let count = 0; count < 100; count += 1) {
    const { legs: sent, outcome } = hedges.send();
    jest.advanceTimersByTime(50);
    sent[0]?.answer();
    await outcome;
  }
  return hedges;
}

const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
const answered =
  (index: number) =>
  ({ legs, outcome }: ReturnType<HedgesUnderTest['send']>) => {
    legs[index]?.answer();
    return outcome;
  };

describe('hedging', () => {
  test('sends nothing twice that is answered in the usual time', async () => {
    const hedges = await hedgesOf();
    const sent = hedges.send();
    jest.advanceTimersByTime(49);
    await answered(0)(sent);
    jest.advanceTimersByTime(1_000);
    expect([sent.legs.length, jest.getTimerCount()]).toEqual([1, 0]);
  });

  test('sends a second call once the first is slow, takes the first answer, and cancels the other', async () => {
    const hedges = await hedgesOf();
    const sent = hedges.send();
    jest.advanceTimersByTime(60);
    const [first, second] = sent.legs;
    expect([second?.sentAtMs, second?.call.isSpare, second?.call.progress === first?.call.progress]).toEqual([
      expect.closeTo(52, -1),
      true,
      true,
    ]);
    second?.answer();
    expect([await sent.outcome, first?.call.cancellation.isCancelled]).toEqual([200, true]);
    expect([hedges.measured('requests'), hedges.measured('wins')]).toEqual([
      { reviews: { count: 1 } },
      { reviews: { count: 1 } },
    ]);
  });

  test('cancels the second where the first is answered', async () => {
    const hedges = await hedgesOf();
    const sent = hedges.send();
    jest.advanceTimersByTime(60);
    expect([await answered(0)(sent), sent.legs[1]?.call.cancellation.isCancelled]).toEqual([200, true]);
    expect(hedges.measured('wins')).toEqual({});
  });

  test('waits for the least time of the settings', async () => {
    const hedges = await hedgesOf({ minMs: 200 });
    const sent = hedges.send();
    jest.advanceTimersByTime(199);
    const before = sent.legs.length;
    jest.advanceTimersByTime(1);
    expect([before, sent.legs.length]).toEqual([1, 2]);
  });

  test('sends no mutation twice, and nothing whose time is over by then', async () => {
    const hedges = await hedgesOf();
    const sent = [hedges.send({ isRepeatable: false }), hedges.send({ deadlineMs: performance.now() + 30 })];
    jest.advanceTimersByTime(1_000);
    expect(sent.map(({ legs }) => legs.length)).toEqual([1, 1]);
  });

  test('sends no more than the share of the budget twice', async () => {
    const hedges = await hedgesOf({ budgetPercent: 2 });
    for (let count = 0; count < 10; count += 1) {
      const sent = hedges.send();
      jest.advanceTimersByTime(60);
      await answered(0)(sent);
    }
    // 2 % of 110 queries
    expect(hedges.measured('requests')).toEqual({ reviews: { count: 2 } });
  });

  test('ends at once with a first call that fails before it is slow', async () => {
    const hedges = await hedgesOf();
    const sent = hedges.send();
    sent.legs[0]?.fail(reset);
    expect(await sent.outcome).toBe('ECONNRESET');
    jest.advanceTimersByTime(1_000);
    expect(sent.legs.length).toBe(1);
  });

  test.each<[string, (leg: Leg | undefined) => void]>([
    ['fails', (leg) => leg?.fail(reset)],
    ['is answered with a 503', (leg) => leg?.answer(503)],
    ['is refused', (leg) => leg?.fail(new GatewayError('REQUEST_CONCURRENCY_LIMITED'))],
  ])('waits for the other where one %s', async (_what, end) => {
    const hedges = await hedgesOf();
    for (const [one, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const sent = hedges.send();
      jest.advanceTimersByTime(60);
      end(sent.legs[one]);
      await Promise.resolve();
      expect(await answered(other)(sent)).toBe(200);
    }
  });

  test('tells what the subgraph said where the second call was refused', async () => {
    const hedges = await hedgesOf();
    const sent = hedges.send();
    jest.advanceTimersByTime(60);
    sent.legs[0]?.answer(503);
    await Promise.resolve();
    sent.legs[1]?.fail(new GatewayError('SUBGRAPH_CIRCUIT_BREAKER_REJECTED'));
    expect(await sent.outcome).toBe(503);
  });

  test('cancels both when the client leaves', async () => {
    const hedges = await hedgesOf();
    const cancellation = new Cancellation();
    const { legs } = hedges.send({ cancellation });
    jest.advanceTimersByTime(60);
    cancellation.cancel();
    expect(legs.map(({ call }) => call.cancellation.isCancelled)).toEqual([true, true]);
  });

  test('sends no second call once the client has left', async () => {
    const hedges = await hedgesOf();
    const cancellation = new Cancellation();
    const { legs } = hedges.send({ cancellation });
    cancellation.cancel();
    jest.advanceTimersByTime(1_000);
    expect([legs.length, jest.getTimerCount()]).toEqual([1, 0]);
  });
});
