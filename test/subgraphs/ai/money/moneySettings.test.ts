import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { formatUsd } from '../../../../subgraphs/ai/money/dollars.ts';
import { moneyShape, tokenPricesSchema } from '../../../../subgraphs/ai/money/moneySettings.ts';

const schema = z.object(moneyShape);
const issueOf = (given: unknown) => {
  const { error } = schema.safeParse(given);
  return error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)[0];
};

describe('money settings', () => {
  test('nothing given is no budget, no limit, 400 days', () => {
    expect(schema.parse({})).toEqual({ budgets: [], tenant_limits: {}, usage_retention_days: 400 });
  });

  test('a budget in dollars becomes one in billionths', () => {
    const { budgets } = schema.parse({ budgets: [{ tenant: '*', window: 'DAY', limit_usd: 0.1 }] });
    expect(budgets).toEqual([
      {
        tenant: '*',
        window: 'DAY',
        limitNanoUsd: 100_000_000,
        limitTokens: null,
        action: 'BLOCK',
        unpriced: 'ALLOW',
      },
    ]);
  });

  test.each([
    [{ budgets: [{ window: 'DAY' }] }, 'budgets.0: a budget needs limit_usd or limit_tokens'],
    [{ budgets: [{ window: 'YEAR', limit_usd: 1 }] }, /^budgets\.0\.window: /],
    [{ budgets: [{ window: 'DAY', limit_usd: 0 }] }, /^budgets\.0\.limit_usd: /],
    [{ budgets: [{ window: 'DAY', limit_usd: 1, tenants: 'x' }] }, /^budgets\.0: .*tenants/],
    [
      { budgets: [{ window: 'DAY', limit_usd: 1, action: 'DOWNGRADE' }] },
      'budgets.0.downgrade_to: downgrade_to goes with the action DOWNGRADE, and only with it',
    ],
    [{ tenant_limits: { default: { in_flight: 0 } } }, /^tenant_limits\.default\.in_flight: /],
    [{ usage_retention_days: 0 }, /^usage_retention_days: /],
  ])('%j is refused at its key', (given, issue) => {
    expect(issueOf(given)).toEqual(typeof issue === 'string' ? issue : expect.stringMatching(issue));
  });

  test.each([
    [{ input: -1, output: 1 }, false],
    [{ input: 1 }, false],
    [{ input: 0.25, output: 2, cached_input: 0.025, date: '2026-09-22' }, true],
    [{ input: 1, output: 1, date: '22.9.2026' }, false],
  ])('prices %j: %j', (given, isValid) => {
    expect(tokenPricesSchema.safeParse(given).success).toBe(isValid);
  });
});

describe('dollars', () => {
  test.each([
    [0, '0'],
    [1, '0.000000001'],
    [12_500, '0.0000125'],
    [1_000_000_000, '1'],
    [-1_500_000_000, '-1.5'],
    [9_007_199_254_740_991, '9007199.254740991'],
  ])('%d billionths are %s', (nanoUsd, text) => {
    expect(formatUsd(nanoUsd)).toBe(text);
  });
});
