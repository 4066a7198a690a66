import { describe, expect, test } from '@jest/globals';
import { LatencyEstimate } from '../../../../gateway/execute/subgraph/traffic/latencyEstimate.ts';
import { seededRandom } from '../../../support/seededNumbers.ts';

const fill = (estimate: LatencyEstimate, count: number, durationMs: () => number): void => {
  for (let added = 0; added < count; added += 1) estimate.add(durationMs());
};

describe('latency estimate', () => {
  test('is not there before a hundred values', () => {
    const estimate = new LatencyEstimate(95);
    fill(estimate, 99, () => 5);
    expect(estimate.valueMs).toBeUndefined();
    estimate.add(5);
    expect(estimate.valueMs).toBeGreaterThanOrEqual(5);
  });

  // quantiles as they follow from the distribution: of uniform(0, m) it is q·m, of exponential(mean m) it is −m·ln(1 − q)
  test.each<[string, number, (random: number) => number, number]>([
    ['uniform', 95, (random) => random * 200, 190],
    ['uniform', 50, (random) => random * 200, 100],
    ['exponential', 95, (random) => -10 * Math.log(1 - random), 29.96],
    ['exponential', 99, (random) => -10 * Math.log(1 - random), 46.05],
    ['constant', 95, () => 0.001, 0.1],
    ['constant', 95, () => 1e12, 3_600_000],
  ])('of a %s distribution, %d %%, is at most a bucket off', (_what, percentile, durationMs, expected) => {
    const estimate = new LatencyEstimate(percentile);
    const random = seededRandom(3);
    fill(estimate, 5_000, () => durationMs(random()));
    const ratio = (estimate.valueMs ?? 0) / expected;
    expect([ratio > 0.9, ratio < 1.21]).toEqual([true, true]);
  });

  test('follows a change', () => {
    const estimate = new LatencyEstimate(95);
    fill(estimate, 100_000, () => 10);
    fill(estimate, 1_000, () => 100);
    expect(estimate.valueMs).toBeGreaterThanOrEqual(100);
    fill(estimate, 10_000, () => 10);
    expect(estimate.valueMs).toBeLessThan(12);
  });
});
