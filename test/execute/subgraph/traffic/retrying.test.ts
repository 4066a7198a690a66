import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { GatewayError } from '../../../../gateway/errors.ts';
import { ExchangeEnded } from '../../../../gateway/execute/subgraph/exchange.ts';
import type { ReceivedAnswer } from '../../../../gateway/execute/subgraph/traffic/receivedAnswer.ts';
import { type RetryOptions, retrying } from '../../../../gateway/execute/subgraph/traffic/retrying.ts';
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
  jest.restoreAllMocks();
});

type Answer = ReceivedAnswer | Error | ((call: SubgraphCall) => ReceivedAnswer | Error);

interface RetriesUnderTest {
  /** When each try was sent, in ms since the first. */
  readonly sentAt: readonly number[];
  readonly calls: readonly SubgraphCall[];
  /** What the call came to, all waits passed. */
  outcome(call?: Partial<SubgraphCall>): Promise<unknown>;
  measured(name: string): unknown;
}

const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
const late = new ExchangeEnded('deadline');

/** Each try is answered with the next of the answers, at once, and all after the last with that. */
function retriesOf(
  answers: readonly Answer[],
  options: Partial<RetryOptions> = {},
  { timeoutMs = 1_000, isStopped = (): boolean => false } = {},
): RetriesUnderTest {
  const { context, measured } = policyUnderTest();
  const sentAt: number[] = [];
  const calls: SubgraphCall[] = [];
  const policy = retrying(
    {
      maxAttempts: 3,
      intervalMs: 100,
      maxIntervalMs: 2_000,
      statuses: [500, 502, 503, 504],
      budget: { minPerSecond: 10, ttlMs: 10_000, percent: 20 },
      ...options,
    },
    { ...context, timeoutMs, isStopped },
  );
  const startedAt = performance.now();
  const send = policy(async (call) => {
    sentAt.push(performance.now() - startedAt);
    calls.push(call);
    const next = answers[Math.min(calls.length, answers.length) - 1] as Answer;
    const answer = typeof next === 'function' ? next(call) : next;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return {
    sentAt,
    calls,
    measured,
    outcome: async (call) => {
      const outcome = outcomeUnderTest(send(callUnderTest(call)));
      await jest.runAllTimersAsync();
      return outcome;
    },
  };
}

describe('retries: what is sent again', () => {
  test.each<[string, Answer, number, unknown]>([
    ['a 500', answerUnderTest(500), 3, 500],
    ['a 502', answerUnderTest(502), 3, 502],
    ['a 503', answerUnderTest(503), 3, 503],
    ['a 504', answerUnderTest(504), 3, 504],
    ['a 501', answerUnderTest(501), 1, 501],
    ['a 429', answerUnderTest(429), 1, 429],
    ['a 404', answerUnderTest(404), 1, 404],
    ['a success', answerUnderTest(), 1, 200],
    ['no answer', reset, 3, 'ECONNRESET'],
    ['no answer in time', late, 3, 'deadline'],
    ['a client that went away', new ExchangeEnded('clientGone'), 1, 'clientGone'],
    ['an answer that is too large', new ExchangeEnded('tooLarge'), 1, 'tooLarge'],
    ['what was not sent', new GatewayError('REQUEST_CONCURRENCY_LIMITED'), 1, 'REQUEST_CONCURRENCY_LIMITED'],
  ])('%s', async (_what, answer, sent, expected) => {
    const retries = retriesOf([answer]);
    expect([await retries.outcome(), retries.calls.length]).toEqual([expected, sent]);
  });

  test('a 429 where it is asked for', async () => {
    const retries = retriesOf([answerUnderTest(429), answerUnderTest()], { statuses: [429] });
    expect([await retries.outcome(), retries.calls.length]).toEqual([200, 2]);
  });

  test('no mutation', async () => {
    const retries = retriesOf([answerUnderTest(503)]);
    expect([await retries.outcome({ isRepeatable: false }), retries.calls.length]).toEqual([503, 1]);
  });

  test('nothing once the answer has begun', async () => {
    const begun = ({ progress }: SubgraphCall): Error => {
      if (progress !== undefined) progress.hasBegun = true;
      return reset;
    };
    const retries = retriesOf([begun]);
    expect([await retries.outcome(), retries.calls.length]).toEqual(['ECONNRESET', 1]);
  });

  test('is told by why', async () => {
    const retries = retriesOf([answerUnderTest(503), reset, late, answerUnderTest()], { maxAttempts: 9 });
    await retries.outcome();
    expect(retries.measured('tributary.subgraph.retries')).toEqual({
      'reviews status': { count: 1 },
      'reviews connection': { count: 1 },
      'reviews timeout': { count: 1 },
    });
  });
});

describe('retries: what is told', () => {
  test('the first answer that is none of these', async () => {
    expect(await retriesOf([reset, answerUnderTest(503), answerUnderTest(404)]).outcome()).toBe(404);
  });

  test('the last that the subgraph said, where a later try was refused', async () => {
    const refused = new GatewayError('SUBGRAPH_CIRCUIT_BREAKER_REJECTED');
    const retries = retriesOf([answerUnderTest(503), refused]);
    expect([await retries.outcome(), retries.calls.length]).toEqual([503, 2]);
  });

  test('nothing more is waited for once it is known that nothing is let through', async () => {
    const retries = retriesOf([answerUnderTest(503)], {}, { isStopped: () => true });
    expect([await retries.outcome(), retries.calls.length]).toEqual([503, 1]);
  });
});

// sleep = random_between(0, min(cap, base * 2 ** attempt))
describe('retries: the wait', () => {
  test.each([
    [0, [0, 0, 0, 0, 0, 0]],
    [0.5, [0, 50, 150, 350, 750, 1_250]],
    [0.999_999, [0, 100, 300, 700, 1_500, 2_500]],
  ])('is drawn from a span that doubles up to the cap: %d of it', async (drawn, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(drawn);
    const retries = retriesOf([reset], { maxAttempts: 6, maxIntervalMs: 1_000 });
    await retries.outcome();
    expect(retries.sentAt.map((at) => Math.round(at / 10) * 10)).toEqual(expected);
  });

  test.each([
    ['2', 2_000],
    ['0', 0],
  ])('is what the subgraph asks for: %s s', async (after, expected) => {
    const headers = { 'retry-after': after };
    const retries = retriesOf([answerUnderTest(503, { headers }), answerUnderTest()]);
    expect([await retries.outcome(), retries.sentAt]).toEqual([200, [0, expected]]);
  });

  test('is until the date that the subgraph asks for', async () => {
    jest.setSystemTime(Date.UTC(1994, 10, 6, 8, 49, 36));
    const headers = { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' };
    const retries = retriesOf([answerUnderTest(503, { headers }), answerUnderTest()]);
    await retries.outcome();
    expect(retries.sentAt).toEqual([0, 1_000]);
  });

  test('is not begun where the subgraph asks for more than is left', async () => {
    const headers = { 'retry-after': '5' };
    const retries = retriesOf([answerUnderTest(503, { headers }), answerUnderTest()]);
    expect([await retries.outcome(), retries.sentAt]).toEqual([503, [0]]);
  });

  test('ends with the client', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.9);
    const cancellation = new Cancellation();
    setTimeout(() => cancellation.cancel(), 10);
    const retries = retriesOf([reset]);
    expect([await retries.outcome({ cancellation }), retries.sentAt]).toEqual(['clientGone', [0]]);
  });
});

describe('retries: time', () => {
  test('of a try is its own, and at most what is left of all', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.999_999);
    const now = performance.now();
    const retries = retriesOf([reset], { intervalMs: 400, maxIntervalMs: 400 }, { timeoutMs: 300 });
    await retries.outcome({ deadlineMs: now + 900 });
    expect(retries.calls.map(({ deadlineMs }) => Math.round((deadlineMs - now) / 10) * 10)).toEqual([
      300, 700, 900,
    ]);
  });

  test('of a mutation is that of a try', async () => {
    const now = performance.now();
    const retries = retriesOf([answerUnderTest()], {}, { timeoutMs: 300 });
    await retries.outcome({ isRepeatable: false, deadlineMs: now + 900 });
    expect(retries.calls[0]?.deadlineMs).toBe(now + 300);
  });
});

describe('retries: the budget', () => {
  test('bounds how many of all calls are sent again', async () => {
    const retries = retriesOf([answerUnderTest(503)], {
      maxAttempts: 2,
      budget: { minPerSecond: 0, ttlMs: 10_000, percent: 20 },
    });
    for (let call = 0; call < 20; call += 1) await retries.outcome();
    expect([
      retries.calls.length,
      retries.measured('tributary.subgraph.retries'),
      retries.measured('tributary.subgraph.retry_budget.exhausted'),
    ]).toEqual([24, { 'reviews status': { count: 4 } }, { reviews: { count: 16 } }]);
  });
});

describe('retries: instances', () => {
  test('are told which of them were asked', async () => {
    const seen: number[] = [];
    const noting = ({ progress }: SubgraphCall): Error => {
      seen.push(progress?.tried.length ?? -1);
      progress?.tried.push(Symbol('instance'));
      return reset;
    };
    await retriesOf([noting]).outcome();
    expect(seen).toEqual([0, 1, 2]);
  });
});
