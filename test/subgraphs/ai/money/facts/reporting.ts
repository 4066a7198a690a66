import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { UsageEntry, UsageKey } from '../../../../../subgraphs/ai/money/contract.ts';
import { noTokens } from '../../../../../subgraphs/ai/money/tokenUsage.ts';
import type { CreateDatabase } from '../../../openForTest.ts';
import { openMoney, type TestMoney, wednesday } from '../openMoney.ts';

const hourMs = 3_600_000;

/** What reports say, over the databases that `createDatabase` makes. */
export function reportingFacts(createDatabase: CreateDatabase): void {
  let money: TestMoney;
  beforeAll(async () => {
    money = await openMoney(await createDatabase());
  });
  afterAll(() => money.close());
  beforeEach(async () => {
    await money.reset();
    await note({ tenant: 'acme', model: 'openai/gpt-5-mini', nanoUsd: 300, at: 0 });
    await note({ tenant: 'acme', model: 'openai/gpt-5-mini', nanoUsd: 500, at: 2 * hourMs });
    await note({ tenant: 'acme', model: 'compat/llama', nanoUsd: null, at: 0 });
    await note({ tenant: 'bolt', model: 'openai/gpt-5-mini', nanoUsd: 40, at: 24 * hourMs, failed: true });
    await note({ tenant: 'bolt', model: 'local/vader', nanoUsd: 0, at: 24 * hourMs, cached: true });
  });

  interface Noted {
    readonly tenant: string;
    readonly model: string;
    readonly nanoUsd: number | null;
    readonly at: number;
    readonly failed?: boolean;
    readonly cached?: boolean;
  }
  async function note({ tenant, model, nanoUsd, at, failed, cached = false }: Noted): Promise<void> {
    money.time = wednesday + at;
    const usage = {
      inputTokens: 10,
      cachedInputTokens: 4,
      cacheWriteTokens: 1,
      outputTokens: 5,
      reasoningTokens: 2,
    };
    const entry: UsageEntry = {
      tenant,
      alias: 'default',
      field: cached ? 'Review.sentiment' : 'Query.complete',
      charges: [
        {
          model,
          usage: { ...usage, estimated: model === 'compat/llama' },
          cost: { nanoUsd, source: 'UNKNOWN', priceDate: null },
        },
      ],
      attempts: failed ? 3 : 1,
      outcome: failed ? 'FAILED' : 'OK',
      cached,
    };
    await money.ledger.record(entry);
  }
  const rowsOf = async (...groupBy: UsageKey[]) => {
    const { rows } = await money.ledger.usage({ groupBy, tenant: null });
    return rows.map((row) => [
      row.start?.toISOString() ?? row.model ?? row.tenant ?? row.field,
      row.calls,
      row.nanoUsd,
    ]);
  };

  test('the total sums everything, and counts what has no price beside the sum', async () => {
    const { total } = await money.ledger.usage({ groupBy: [], tenant: null });
    expect(total).toEqual({
      model: null,
      tenant: null,
      field: null,
      start: null,
      calls: 5,
      cached: 1,
      failed: 1,
      unpriced: 1,
      attempts: 7,
      usage: {
        inputTokens: 50,
        cachedInputTokens: 20,
        cacheWriteTokens: 5,
        outputTokens: 25,
        reasoningTokens: 10,
        estimated: true,
      },
      nanoUsd: 840,
    });
  });

  test.each<[UsageKey, (string | number)[][]]>([
    [
      'MODEL',
      [
        ['openai/gpt-5-mini', 3, 840],
        ['compat/llama', 1, 0],
        ['local/vader', 1, 0],
      ],
    ],
    [
      'TENANT',
      [
        ['acme', 3, 800],
        ['bolt', 2, 40],
      ],
    ],
    [
      'FIELD',
      [
        ['Query.complete', 4, 840],
        ['Review.sentiment', 1, 0],
      ],
    ],
    [
      'DAY',
      [
        ['2026-11-25T00:00:00.000Z', 3, 800],
        ['2026-11-26T00:00:00.000Z', 2, 40],
      ],
    ],
    [
      'HOUR',
      [
        ['2026-11-25T10:00:00.000Z', 2, 300],
        ['2026-11-25T12:00:00.000Z', 1, 500],
        ['2026-11-26T10:00:00.000Z', 2, 40],
      ],
    ],
  ])('grouped by %s', async (key, expected) => {
    expect(await rowsOf(key)).toEqual(expected);
  });

  test('grouped by several keys, each combination has a row', async () => {
    const { rows } = await money.ledger.usage({ groupBy: ['DAY', 'TENANT', 'MODEL'], tenant: null });
    expect(rows.map((row) => [row.start?.getUTCDate(), row.tenant, row.model, row.nanoUsd])).toEqual([
      [25, 'acme', 'openai/gpt-5-mini', 800],
      [25, 'acme', 'compat/llama', 0],
      [26, 'bolt', 'openai/gpt-5-mini', 40],
      [26, 'bolt', 'local/vader', 0],
    ]);
  });

  test('only a tenant, from a moment to before another', async () => {
    const { total } = await money.ledger.usage({
      since: new Date(wednesday),
      until: new Date(wednesday + 2 * hourMs),
      groupBy: [],
      tenant: 'acme',
    });
    expect([total.calls, total.nanoUsd]).toEqual([2, 300]);
  });

  test('nothing in the time asked for is a row of zeros', async () => {
    const report = await money.ledger.usage({
      since: new Date('2030-01-01'),
      groupBy: ['MODEL'],
      tenant: null,
    });
    expect([report.total.calls, report.total.usage, report.rows]).toEqual([0, noTokens, []]);
  });

  test('a report is two statements, whatever it groups by', async () => {
    money.statements.length = 0;
    await money.ledger.usage({ groupBy: ['DAY', 'TENANT', 'MODEL', 'FIELD'], tenant: 'acme' });
    expect(money.statements).toHaveLength(2);
  });

  test('the state of budgets is one statement, however many there are', async () => {
    const budget = { limitNanoUsd: 1, limitTokens: null, action: 'BLOCK', unpriced: 'ALLOW' } as const;
    money.settings = {
      ...money.settings,
      budgets: (['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL'] as const).map((window) => ({
        ...budget,
        window,
      })),
    };
    money.statements.length = 0;
    const states = await money.ledger.budgets('acme');
    expect([states.length, money.statements.length]).toEqual([6, 1]);
  });
}
