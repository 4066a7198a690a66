import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { type ExchangeLimits, exchange } from '../../../gateway/execute/subgraph/exchange.ts';
import { Cancellation } from '../../../gateway/runtime/cancellation.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

interface Answered {
  readonly outcome: Promise<unknown>;
  readonly aborted: jest.Mock;
  readonly cancellation: Cancellation;
}

/** An exchange whose answer has come, whole, when this returns. */
function answered(decode: ExchangeLimits['decode']): Answered {
  const aborted = jest.fn();
  const cancellation = new Cancellation();
  const controller = { abort: aborted } as unknown as Dispatcher.DispatchController;
  const dispatcher = {
    dispatch: (_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
      handler.onRequestStart?.(controller, {});
      handler.onResponseStart?.(controller, 200, {}, 'OK');
      handler.onResponseData?.(controller, Buffer.from('packed'));
      handler.onResponseEnd?.(controller, {});
      return true;
    },
  };
  const outcome = exchange(
    dispatcher,
    { path: '/', headers: {}, body: '' },
    { timeoutMs: 100, maxBytes: 1_000, cancellation, decode },
  ).then(
    ({ chunks }) => Buffer.concat([...chunks]).toString(),
    (error: { readonly reason?: unknown }) => error.reason,
  );
  return { outcome, aborted, cancellation };
}

const never = (): Promise<never> => new Promise(() => {});

describe('exchange: an answer that is decoded', () => {
  test('is what it is decoded to', async () => {
    const { outcome } = answered(async (answer) => ({ ...answer, chunks: [Buffer.from('plain')] }));
    expect(await outcome).toBe('plain');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('ends at the deadline all the same', async () => {
    const { outcome, aborted } = answered(never);
    jest.advanceTimersByTime(100);
    expect(await outcome).toBe('deadline');
    // its connection is in use by another by now
    expect(aborted).not.toHaveBeenCalled();
  });

  test('ends when nobody waits for it any more', async () => {
    const { outcome, aborted, cancellation } = answered(never);
    cancellation.cancel();
    jest.advanceTimersByTime(10_000);
    expect(await outcome).toBe('clientGone');
    expect(aborted).not.toHaveBeenCalled();
  });
});
