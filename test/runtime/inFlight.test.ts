import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { Cancellation } from '../../gateway/runtime/cancellation.ts';
import { InFlight, type Shared } from '../../gateway/runtime/inFlight.ts';

/** Work that ends when the test says so. */
function pieces(): {
  work: (shared: Shared) => Promise<number>;
  begun: Shared[];
  end: (result: number) => void;
} {
  const begun: Shared[] = [];
  let end = (_result: number): void => {};
  const result = new Promise<number>((resolve) => {
    end = resolve;
  });
  return {
    begun,
    end: (value) => end(value),
    work: (shared) => {
      begun.push(shared);
      return result;
    },
  };
}

describe('runtime: work in flight', () => {
  test('is begun once for a key, and nothing is kept of it', async () => {
    const inFlight = new InFlight<number>();
    const { work, begun, end } = pieces();
    const results = [
      inFlight.run('a', new Cancellation(), work),
      inFlight.run('a', new Cancellation(), work),
      inFlight.run('b', new Cancellation(), work),
    ];
    expect([begun.length, inFlight.size]).toEqual([2, 2]);
    end(7);
    expect([await Promise.all(results), inFlight.size]).toEqual([[7, 7, 7], 0]);
  });

  test('is told apart by the text beside a key, whatever of it ends first', () => {
    const inFlight = new InFlight<number>();
    const { work, begun } = pieces();
    const run = (text: string): void => void inFlight.run('a', new Cancellation(), work, text);
    for (const text of ['x', 'y', 'z', 'x', 'y', 'z']) run(text);
    expect(begun.length).toBe(3);
    // the one in the middle, then the newest, then the oldest
    for (const [at, text] of [
      [1, 'y'],
      [2, 'z'],
      [0, 'x'],
    ] as const) {
      begun[at]?.close();
      const before = begun.length;
      for (const other of ['x', 'y', 'z'].filter((each) => each !== text)) run(other);
      expect(begun.length).toBe(before);
      run(text);
      expect(begun.length).toBe(before + 1);
    }
    for (const shared of begun) shared.close();
    expect(inFlight.size).toBe(0);
  });

  test('is found while much else begins and ends', async () => {
    const inFlight = new InFlight<number>();
    const { work, begun, end } = pieces();
    const slow = inFlight.run('slow', new Cancellation(), work);
    for (let i = 0; i < 10_000; i += 1) {
      await inFlight.run(`quick ${i}`, new Cancellation(), () => Promise.resolve(i));
    }
    const joined = inFlight.run('slow', new Cancellation(), work);
    expect([begun.length, inFlight.size]).toEqual([1, 1]);
    end(7);
    expect([await slow, await joined, inFlight.size]).toEqual([7, 7, 0]);
  });

  test('begins anew for who comes when it is closed', () => {
    const inFlight = new InFlight<number>();
    const { work, begun } = pieces();
    void inFlight.run('a', new Cancellation(), work);
    begun[0]?.close();
    void inFlight.run('a', new Cancellation(), work);
    // the first is not the one in flight any more: its end closes nothing
    begun[0]?.close();
    void inFlight.run('a', new Cancellation(), work);
    expect(begun.length).toBe(2);
  });

  test('is cancelled when all have left, and who comes then begins anew', () => {
    const inFlight = new InFlight<number>();
    const { work, begun } = pieces();
    const [first, second] = [new Cancellation(), new Cancellation()];
    void inFlight.run('a', first, work);
    void inFlight.run('a', second, work);
    first.cancel();
    expect(begun[0]?.cancellation.isCancelled).toBe(false);
    second.cancel();
    expect(begun[0]?.cancellation.isCancelled).toBe(true);
    void inFlight.run('a', new Cancellation(), work);
    expect(begun.length).toBe(2);
  });

  test('that fails, fails for all', async () => {
    const inFlight = new InFlight<number>();
    const fail = (): Promise<number> => Promise.reject(new Error('no'));
    const results = await Promise.allSettled([
      inFlight.run('a', new Cancellation(), fail),
      inFlight.run('a', new Cancellation(), fail),
    ]);
    expect([results.map(({ status }) => status), inFlight.size]).toEqual([['rejected', 'rejected'], 0]);
  });

  // a collection of the young generation alone, as most are under load
  test('leaves its results to the next collection of young objects', async () => {
    setFlagsFromString('--expose-gc');
    const collectYoung = runInNewContext('gc') as (options: { type: 'minor' }) => void;
    const inFlight = new InFlight<Buffer>();
    // what survives two is old, and collected by these no more
    for (let i = 0; i < 3; i += 1) collectYoung({ type: 'minor' });
    const before = process.memoryUsage().arrayBuffers;
    let begun = 0;
    const call = (): Promise<Buffer> => {
      begun += 1;
      if (begun % 200 === 0) collectYoung({ type: 'minor' });
      return inFlight.run(`call ${begun}`, new Cancellation(), async () => {
        await new Promise(setImmediate);
        return Buffer.allocUnsafe(50_000);
      });
    };
    const caller = async (): Promise<void> => {
      for (let calls = 0; calls < 300; calls += 1) await call();
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    // of 750 MB, those of the calls since the last collection, and what other tests of the process have left
    expect((process.memoryUsage().arrayBuffers - before) / 1e6).toBeLessThan(40);
  });
});
