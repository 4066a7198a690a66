import { describe, expect, test } from '@jest/globals';
import type { Bucket } from '../../../gateway/limit/rate/bucket.ts';
import { MemoryBuckets } from '../../../gateway/limit/rate/memoryBuckets.ts';

const bucket = (key: string, more: Partial<Bucket> = {}): Bucket => ({
  key,
  capacity: 10,
  refillPerMs: 0.001,
  ...more,
});

function bucketsAt(maxBuckets = 100) {
  const clock = { now: 0 };
  return { clock, buckets: new MemoryBuckets({ maxBuckets, now: () => clock.now }) };
}

describe('rate: buckets in memory', () => {
  test('hold their capacity, and no point more', () => {
    const { buckets } = bucketsAt();
    expect([
      buckets.take([bucket('a')], 7),
      buckets.take([bucket('a')], 4),
      buckets.take([bucket('a')], 3),
    ]).toEqual([
      expect.objectContaining({ isAdmitted: true, left: [3] }),
      expect.objectContaining({ isAdmitted: false, left: [3] }),
      expect.objectContaining({ isAdmitted: true, left: [0] }),
    ]);
  });

  test('fill with time, up to their capacity', () => {
    const { buckets, clock } = bucketsAt();
    buckets.take([bucket('a')], 10);
    clock.now = 2500;
    expect(buckets.take([bucket('a')], 3)).toEqual(
      expect.objectContaining({ isAdmitted: false, left: [2.5] }),
    );
    clock.now = 1_000_000;
    expect(buckets.take([bucket('a')], 0)).toEqual(expect.objectContaining({ isAdmitted: true, left: [10] }));
  });

  test('give points of all or of none', () => {
    const { buckets } = bucketsAt();
    const [small, large] = [bucket('small', { capacity: 2 }), bucket('large')];
    expect([buckets.take([small, large], 3), buckets.take([large, small], 2)]).toEqual([
      expect.objectContaining({ isAdmitted: false, left: [2, 10] }),
      expect.objectContaining({ isAdmitted: true, left: [8, 0] }),
    ]);
  });

  test('take points back, up to their capacity', () => {
    const { buckets } = bucketsAt();
    const taken = buckets.take([bucket('a')], 6);
    taken.giveBack(4);
    expect(buckets.take([bucket('a')], 0).left).toEqual([8]);
    taken.giveBack(100);
    expect(buckets.take([bucket('a')], 0).left).toEqual([10]);
  });

  test.each(['__proto__', 'constructor', 'a\nb', '*', '{u1}', 'x'.repeat(10_000)])(
    'are told apart by any key: %j',
    (key) => {
      const { buckets } = bucketsAt();
      buckets.take([bucket(key)], 10);
      expect([buckets.take([bucket(key)], 1).isAdmitted, buckets.take([bucket('b')], 1).isAdmitted]).toEqual([
        false,
        true,
      ]);
    },
  );

  test('are as many as are allowed, those in use among them', () => {
    const { buckets, clock } = bucketsAt(50);
    buckets.take([bucket('spender')], 10);
    for (let index = 0; index < 10_000; index += 1) {
      clock.now += 0.001;
      buckets.take([bucket(`flood${index}`)], 1);
      buckets.take([bucket('spender')], 5);
    }
    expect([buckets.size <= 50, buckets.take([bucket('spender')], 5).isAdmitted]).toEqual([true, false]);
  });
});
