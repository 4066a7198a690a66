import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  type ConcurrencyOptions,
  limitingConcurrency,
} from '../../../../gateway/execute/subgraph/traffic/concurrencyLimit.ts';
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

interface LimitUnderTest {
  /** What was sent, as one settles each: by the body. */
  readonly sent: ReadonlyMap<string, { readonly answer: () => void; readonly fail: () => void }>;
  send(body: string, call?: Partial<SubgraphCall>): Promise<unknown>;
  measured(name: string): unknown;
}

function limitOf(options: Partial<ConcurrencyOptions> = {}, connections = 1): LimitUnderTest {
  const { context, measured } = policyUnderTest();
  const sent = new Map<string, { answer: () => void; fail: () => void }>();
  const policy = limitingConcurrency(
    { max: undefined, maxQueue: 2, maxWaitMs: 100, ...options },
    { ...context, connections: () => connections },
  );
  const send = policy(
    ({ body }) =>
      new Promise<ReceivedAnswer>((resolve, reject) => {
        sent.set(body, {
          answer: () => resolve(answerUnderTest()),
          fail: () => reject(new Error('failed')),
        });
      }),
  );
  return {
    sent,
    send: (body, call) => outcomeUnderTest(send(callUnderTest({ body, ...call }))),
    measured: (name) => measured(`tributary.subgraph.queue.${name}`),
  };
}

const names = ({ sent }: LimitUnderTest): string[] => [...sent.keys()];

describe('concurrency limit', () => {
  test('lets one wait for another to end, in the order that they came', async () => {
    const limit = limitOf();
    const answers = [limit.send('a'), limit.send('b'), limit.send('c')];
    const before = [names(limit), limit.measured('length')];
    limit.sent.get('a')?.answer();
    await answers[0];
    const between = names(limit);
    limit.sent.get('b')?.fail();
    await answers[1];
    expect([before, between, names(limit)]).toEqual([
      [['a'], { reviews: { count: 2 } }],
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]);
  });

  test('is as many calls as the connections carry, where the settings say nothing', () => {
    const limit = limitOf({}, 2);
    for (const name of ['a', 'b', 'c']) void limit.send(name);
    expect(names(limit)).toEqual(['a', 'b']);
  });

  test('is what the settings say', () => {
    const limit = limitOf({ max: 3 });
    for (const name of ['a', 'b', 'c', 'd']) void limit.send(name);
    expect(names(limit)).toEqual(['a', 'b', 'c']);
  });

  test('refuses at once what the queue has no place for', async () => {
    const limit = limitOf();
    for (const name of ['a', 'b', 'c']) void limit.send(name);
    expect(await limit.send('d')).toBe('REQUEST_CONCURRENCY_LIMITED');
    expect(limit.measured('refused')).toEqual({ reviews: { count: 1 } });
  });

  test('refuses what has waited too long, and it takes no turn any more', async () => {
    const limit = limitOf();
    const answers = [limit.send('a'), limit.send('b')];
    jest.advanceTimersByTime(99);
    const late = limit.send('c');
    jest.advanceTimersByTime(1);
    expect(await answers[1]).toBe('REQUEST_CONCURRENCY_LIMITED');
    limit.sent.get('a')?.answer();
    await answers[0];
    expect(names(limit)).toEqual(['a', 'c']);
    limit.sent.get('c')?.answer();
    expect(await late).toBe(200);
  });

  test('does not let a call wait beyond its deadline', async () => {
    const limit = limitOf();
    void limit.send('a');
    const answer = limit.send('b', { deadlineMs: performance.now() + 10 });
    jest.advanceTimersByTime(10);
    expect(await answer).toBe('deadline');
  });

  test('gives the place in the queue of a client that leaves to another', async () => {
    const limit = limitOf();
    const leaving = new Cancellation();
    void limit.send('a');
    const left = limit.send('b', { cancellation: leaving });
    void limit.send('c');
    leaving.cancel();
    expect([await left, limit.measured('length')]).toEqual(['clientGone', { reviews: { count: 1 } }]);
    void limit.send('d');
    expect(limit.measured('length')).toEqual({ reviews: { count: 2 } });
  });

  test('does not let a spare call wait', async () => {
    const limit = limitOf();
    void limit.send('a');
    expect(await limit.send('b', { isSpare: true })).toBe('REQUEST_CONCURRENCY_LIMITED');
  });

  test('tells of refusals without an address, as an error that ends no request', async () => {
    const { context } = policyUnderTest();
    const send = limitingConcurrency(
      { max: 1, maxQueue: 0, maxWaitMs: 1 },
      { ...context, connections: () => 1 },
    )(() => new Promise(() => {}));
    void send(callUnderTest());
    const error = await send(callUnderTest()).catch((thrown: Error) => thrown);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      message: "No request sent to 'reviews': too many requests are in flight",
      extensions: {
        code: 'REQUEST_CONCURRENCY_LIMITED',
        service: 'reviews',
        reason: 'too many requests are in flight',
      },
    });
  });
});
