import { describe, expect, jest, test } from '@jest/globals';
import { Pressure, type PressureReason } from '../../gateway/http/pressure.ts';

interface Seen {
  heap: number;
  memory: number;
  delayMs: number;
}

/** Pressure by limits of 85 %, 90 % and 500 ms over what a test says is seen. */
function pressureOf(seen: Partial<Seen>, limits = {}) {
  const now: Seen = { heap: 0, memory: 0, delayMs: 0, ...seen };
  const collectGarbage = jest.fn();
  const told: (PressureReason | undefined)[] = [];
  const pressure = new Pressure(
    () => ({ maxHeapPercent: 85, maxMemoryPercent: 90, maxEventLoopDelayMs: 500, ...limits }),
    (reason) => told.push(reason),
    {
      heapShare: () => now.heap,
      container: { limitBytes: 1000, usedBytes: () => now.memory * 1000 },
      collectGarbage,
      eventLoopDelayMs: () => now.delayMs,
    },
  );
  return { now, pressure, collectGarbage, told };
}

/** Half a second of regular checks. */
function checkAll(pressure: Pressure): void {
  for (let count = 0; count < 5; count += 1) pressure.check();
}

describe('pressure: the heap', () => {
  test('begins above the limit and ends 5 points below', () => {
    const { now, pressure, told } = pressureOf({ heap: 0.85 });
    const reasons = [0.85, 0.86, 0.81, 0.79, 0.85].map((share) => {
      now.heap = share;
      pressure.check();
      return pressure.reason;
    });
    expect(reasons).toEqual([undefined, 'heap', 'heap', undefined, undefined]);
    expect(told).toEqual(['heap', undefined]);
  });

  test('is none when garbage was what it was full of', () => {
    const { now, pressure, collectGarbage, told } = pressureOf({ heap: 0.9 });
    collectGarbage.mockImplementation(() => {
      now.heap = 0.4;
    });
    pressure.check();
    expect([pressure.reason, told]).toEqual([undefined, []]);
  });

  test('has garbage collected once in a while, and not at every check', () => {
    const { pressure, collectGarbage } = pressureOf({ heap: 0.9 });
    for (let count = 0; count < 50; count += 1) pressure.check();
    expect(collectGarbage.mock.calls).toHaveLength(1);
  });

  test('is none by a limit of 100 %', () => {
    const { pressure } = pressureOf(
      { heap: 1.1, memory: 1.1 },
      { maxHeapPercent: 100, maxMemoryPercent: 100 },
    );
    checkAll(pressure);
    expect(pressure.reason).toBeUndefined();
  });
});

describe('pressure: the memory of the container', () => {
  test('begins above the limit and ends 5 points below', () => {
    const { now, pressure } = pressureOf({});
    const reasons = [0.9, 0.91, 0.86, 0.84].map((share) => {
      now.memory = share;
      checkAll(pressure);
      return pressure.reason;
    });
    expect(reasons).toEqual([undefined, 'memory', 'memory', undefined]);
  });
});

describe('pressure: the event loop', () => {
  test('begins when it is late twice, and ends when it is late by less than half', () => {
    const { now, pressure } = pressureOf({});
    const reasons = [600, 100, 600, 600, 300, 240].map((delayMs) => {
      now.delayMs = delayMs;
      checkAll(pressure);
      return pressure.reason;
    });
    expect(reasons).toEqual([undefined, undefined, undefined, 'event_loop', 'event_loop', undefined]);
  });

  test('is seen in a process that has no time', async () => {
    const told: unknown[] = [];
    const pressure = new Pressure(
      () => ({ maxHeapPercent: 100, maxMemoryPercent: 100, maxEventLoopDelayMs: 50 }),
      (reason) => told.push(reason),
    );
    checkAll(pressure);
    for (let turn = 0; turn < 6; turn += 1) {
      // each turn takes 150 ms, in which nothing else is done
      for (const until = performance.now() + 150; performance.now() < until; );
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (turn % 2 === 1) checkAll(pressure);
    }
    pressure.stop();
    expect(told).toEqual(['event_loop']);
  });
});
