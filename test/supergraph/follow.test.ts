import { describe, expect, test } from '@jest/globals';
import { follow, retryDelayMs } from '../../gateway/supergraph/follow.ts';

const same = (a: unknown, b: unknown): boolean => a === b;

/** A value to follow whose reads are counted, with promises of what the follower tells. */
function source(values: readonly (string | Error)[]) {
  const told: string[] = [];
  const failures: string[] = [];
  let reads = 0;
  const waiters: { readonly enough: () => boolean; readonly resolve: () => void }[] = [];
  const settle = (): void => {
    for (const { enough, resolve } of waiters) if (enough()) resolve();
  };
  return {
    told,
    failures,
    reads: () => reads,
    until: (enough: () => boolean) =>
      new Promise<void>((resolve) => {
        waiters.push({ enough, resolve });
        settle();
      }),
    options: {
      read: async (): Promise<string> => {
        const value = values[Math.min(reads, values.length - 1)];
        reads += 1;
        queueMicrotask(settle);
        if (value instanceof Error) throw value;
        return value ?? '';
      },
      isSame: same,
      onValue: (value: string) => {
        told.push(value);
        settle();
      },
      onFailure: (error: unknown) => {
        failures.push((error as Error).message);
        settle();
      },
    },
  };
}

describe('supergraph: follow', () => {
  test('tells the first value, and then only changes', async () => {
    const { options, told, until, reads } = source(['one', 'one', 'two']);
    const followed = follow({ ...options, intervalMs: 1 });
    await until(() => reads() >= 6);
    await followed.stop();

    expect(told).toEqual(['one', 'two']);
  });

  test('reads again when poked, and not before', async () => {
    const { options, told, until, reads } = source(['one', 'two']);
    const followed = follow({ ...options, intervalMs: 0 });
    await followed.firstRead;
    expect(reads()).toBe(1);
    followed.poke();
    await until(() => told.length === 2);
    await followed.stop();

    expect(told).toEqual(['one', 'two']);
  });

  test('reads once more when poked during a read', async () => {
    let release: (() => void) | undefined;
    const reads: string[] = [];
    const told: string[] = [];
    let onSecond: (() => void) | undefined;
    const second = new Promise<void>((resolve) => {
      onSecond = resolve;
    });
    const followed = follow<string>({
      read: async () => {
        reads.push('read');
        if (reads.length === 1) await new Promise<void>((resolve) => (release = resolve));
        return `value ${reads.length}`;
      },
      intervalMs: 0,
      isSame: same,
      onValue: (value) => {
        told.push(value);
        if (told.length === 2) onSecond?.();
      },
      onFailure: () => {},
    });
    followed.poke();
    followed.poke();
    release?.();
    await second;
    await followed.stop();

    expect(reads).toHaveLength(2);
  });

  test('goes on after a failure, and ends its first read with it', async () => {
    const { options, told, failures, until } = source([new Error('down'), 'up']);
    const followed = follow({ ...options, intervalMs: 0 });
    await followed.firstRead;
    expect(failures).toEqual(['down']);
    followed.poke();
    await until(() => told.length === 1);
    await followed.stop();

    expect(told).toEqual(['up']);
  });

  test('is silent after it was stopped during a read', async () => {
    const told: string[] = [];
    const followed = follow<string>({
      read: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('late'))),
      intervalMs: 0,
      isSame: same,
      onValue: (value) => told.push(value),
      onFailure: () => told.push('failure'),
    });
    await followed.stop();

    expect(told).toEqual([]);
  });

  test.each([
    [1, 250, 500],
    [2, 500, 1000],
    [7, 15_000, 30_000],
    [60, 15_000, 30_000],
  ])('waits after failure %d between %d and %d ms', (failures, least, most) => {
    expect([retryDelayMs(failures, () => 0), retryDelayMs(failures, () => 1)]).toEqual([least, most]);
  });
});
