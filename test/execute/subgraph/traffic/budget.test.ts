import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Budget } from '../../../../gateway/execute/subgraph/traffic/budget.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const budgetOf = (ttlSeconds: number, minPerSecond: number, share: number): Budget =>
  new Budget({ ttlMs: ttlSeconds * 1000, minPerSecond, percent: share * 100 });

// of Finagle's RetryBudgetTest
describe('budget: vectors of Finagle', () => {
  test.each([
    [60, 0, 0.1],
    [60, 0, 0.5],
    [60, 0, 0.25],
    [60, 0, 0.75],
    [60, 0, 0.99],
    [60, 0, 0.999],
    [60, 0, 0.9999],
    [60, 0, 0.01],
    [60, 0, 0.001],
    [60, 0, 0.0001],
    [1, 10, 0],
    [2, 5, 0],
    [1, 10, 0.1],
    [2, 5, 0.5],
  ])('of %d s, %d a second and a share of %d', (ttlSeconds, minPerSecond, share) => {
    const budget = budgetOf(ttlSeconds, minPerSecond, share);
    const least = ttlSeconds * minPerSecond;
    expect(budget.balance).toBe(least);
    let retried = 0;
    for (let request = 0; request < 10_000; request += 1) {
      budget.deposit();
      if (budget.withdraw()) retried += 1;
      else expect(budget.balance).toBe(0);
    }
    expect(Math.abs(retried - Math.trunc(10_000 * share) - least)).toBeLessThanOrEqual(1);
  });

  test('of more than a call for each call', () => {
    const budget = budgetOf(60, 0, 2);
    expect(budget.withdraw()).toBe(false);
    for (let request = 0; request < 10_000; request += 1) budget.deposit();
    expect(budget.balance).toBe(20_000);
  });
});

describe('budget', () => {
  test('forgets calls when their time has passed', () => {
    const budget = budgetOf(10, 0, 0.5);
    for (let request = 0; request < 10; request += 1) budget.deposit();
    jest.advanceTimersByTime(8_999);
    const before = budget.balance;
    jest.advanceTimersByTime(2_000);
    expect([before, budget.balance]).toEqual([5, 0]);
  });

  test('has the least that it gives a second anew when its time has passed', () => {
    const budget = budgetOf(10, 1, 0);
    for (let request = 0; request < 10; request += 1) budget.withdraw();
    expect(budget.withdraw()).toBe(false);
    jest.advanceTimersByTime(11_000);
    expect(budget.balance).toBe(10);
  });
});
