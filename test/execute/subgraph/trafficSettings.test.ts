import { describe, expect, test } from '@jest/globals';
import {
  answerTimeoutMs,
  type TrafficSettings,
  trafficBy,
  trafficSettingsSchema,
} from '../../../gateway/execute/subgraph/trafficSettings.ts';

const read = (settings: unknown): TrafficSettings => trafficSettingsSchema.parse(settings);

describe('traffic settings', () => {
  test('of a subgraph are those of all, but for what it says itself', () => {
    const trafficFor = trafficBy(
      read({ all: { timeout_ms: 700, max_connections: 3 }, subgraphs: { reviews: { timeout_ms: 50 } } }),
    );
    expect([trafficFor('reviews'), trafficFor('products')]).toMatchObject([
      { timeoutMs: 50, maxConnections: 3, maxResponseBytes: 10_000_000, sharesCalls: true },
      { timeoutMs: 700, maxConnections: 3 },
    ]);
  });

  test('are one value for all subgraphs without their own', () => {
    const trafficFor = trafficBy(read({}));
    expect(trafficFor('a')).toBe(trafficFor('__proto__'));
  });

  test.each([
    [{ subgraphs: { reviews: { timeout: 1 } } }, 'Unrecognized key'],
    [{ subgraphs: { reviews: { timeout_ms: 0 } } }, 'Too small'],
  ])('%j is refused', (settings, message) => {
    expect(() => read(settings)).toThrow(message);
  });
});

describe('traffic settings: the time for a request of a client', () => {
  test.each<[unknown, number]>([
    [{}, 10_000],
    [{ all: { timeout_ms: 100 } }, 200],
    [
      { all: { timeout_ms: 100 }, subgraphs: { slow: { timeout_ms: 3_000 }, fast: { timeout_ms: 1 } } },
      6_000,
    ],
    [{ all: { timeout_ms: 100 }, subgraphs: { slow: { max_connections: 1 } } }, 200],
    [{ inbound: { timeout_ms: 5 }, subgraphs: { slow: { timeout_ms: 3_000 } } }, 5],
  ])('by %j is %i ms', (settings, expected) => {
    expect(answerTimeoutMs(read(settings))).toBe(expected);
  });
});

describe('traffic settings: the time in all', () => {
  test.each<[unknown, unknown]>([
    [{ all: { timeout_ms: 700 } }, { timeoutMs: 700, totalTimeoutMs: 700 }],
    [{ all: { timeout_ms: 700, total_timeout_ms: 900 } }, { timeoutMs: 700, totalTimeoutMs: 900 }],
    [{ subgraphs: { reviews: { timeout_ms: 700 } } }, { timeoutMs: 700, totalTimeoutMs: 700 }],
  ])('by %j', (settings, expected) => {
    expect(trafficBy(read(settings))('reviews')).toMatchObject(expected as object);
  });

  test('bounds the time for a request of a client', () => {
    expect(answerTimeoutMs(read({ all: { timeout_ms: 700, total_timeout_ms: 900 } }))).toBe(1_800);
  });
});
