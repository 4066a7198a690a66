import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Reservation } from '../../../../../subgraphs/ai/money/contract.ts';
import type { CreateDatabase } from '../../../openForTest.ts';
import { budgetOf, callOf, openMoney, settlementOf, type TestMoney, usd, wednesday } from '../openMoney.ts';
import { startSpender } from '../spenderProcess.ts';

/** What becomes of reservations that nobody settles, and of several processes, over `createDatabase`. */
export function expiryFacts(createDatabase: CreateDatabase): void {
  let money: TestMoney;
  let url: string;
  beforeAll(async () => {
    url = await createDatabase();
    money = await openMoney(url);
  });
  afterAll(() => money.close());
  beforeEach(() => money.reset({ budgets: [budgetOf()] }));

  const reserve = async (): Promise<Reservation> => {
    const decision = await money.ledger.reserve(callOf());
    if (decision.kind === 'reserved') return decision.reservation;
    throw new Error('not reserved');
  };
  const stand = async () => {
    const [state] = await money.ledger.budgets(null);
    return state && { spent: state.spentNanoUsd / usd, reserved: state.reservedNanoUsd / usd };
  };
  const total = async () => {
    const report = await money.ledger.usage({ groupBy: [], tenant: null });
    const { calls, failed, usage, nanoUsd } = report.total;
    return { calls, failed, tokens: usage.inputTokens + usage.outputTokens, usd: nanoUsd / usd };
  };

  test('until its time is over a reservation is left alone', async () => {
    await reserve();
    money.time = wednesday + 59_999;
    await money.ledger.sweep();
    expect(await stand()).toEqual({ spent: 0, reserved: 0.15 });
  });

  test('after it the worst case is charged, as a failed call with estimated tokens', async () => {
    await reserve();
    money.time = wednesday + 60_000;
    await money.ledger.sweep();
    await money.ledger.sweep();
    const { rows } = await money.ledger.usage({ groupBy: ['MODEL'], tenant: null });
    expect([await stand(), rows]).toMatchObject([
      { spent: 0.15, reserved: 0 },
      [
        {
          model: 'openai/gpt-5-mini',
          calls: 1,
          failed: 1,
          nanoUsd: 0.15 * usd,
          usage: { inputTokens: 500, outputTokens: 1_000, estimated: true },
        },
      ],
    ]);
  });

  test('a call that is settled too late is put right', async () => {
    const reservation = await reserve();
    money.time = wednesday + 60_000;
    await money.ledger.sweep();
    await reservation.settle(settlementOf());
    expect([await stand(), await total()]).toEqual([
      { spent: 0.1, reserved: 0 },
      { calls: 1, failed: 0, tokens: 900, usd: 0.1 },
    ]);
  });

  test('a call that is released too late is taken back', async () => {
    const reservation = await reserve();
    money.time = wednesday + 60_000;
    await money.ledger.sweep();
    await reservation.release();
    expect([await stand(), await total()]).toEqual([
      { spent: 0, reserved: 0 },
      { calls: 0, failed: 0, tokens: 0, usd: 0 },
    ]);
  });

  test('rows are only ever added', async () => {
    const reservation = await reserve();
    money.time = wednesday + 60_000;
    await money.ledger.sweep();
    money.statements.length = 0;
    await reservation.settle(settlementOf());
    expect(money.statements.filter((it) => /(update|delete).*ai_usage/.test(it))).toEqual([]);
  });

  test('an in-flight slot of a call that nobody settled is free when its time is over', async () => {
    const tenantLimits = { default: { requestsPerMinute: null, tokensPerMinute: null, inFlight: 1 } };
    money.settings = { ...money.settings, tenantLimits };
    await reserve();
    const early = await money.ledger.reserve(callOf());
    money.time = wednesday + 60_000;
    expect([early.kind, (await money.ledger.reserve(callOf())).kind]).toEqual(['refused', 'reserved']);
  });

  test('what is older than the retention is forgotten, a window that goes on is not', async () => {
    money.settings = {
      ...money.settings,
      usageRetentionDays: 30,
      budgets: [budgetOf(), budgetOf({ window: 'TOTAL' })],
    };
    await (await reserve()).settle(settlementOf());
    money.time = wednesday + 31 * 86_400_000;
    await money.ledger.sweep();
    const counters = await money.db.selectFrom('ai_counters').select('window').execute();
    const { spentNanoUsd } = (await money.ledger.budgets(null))[1] ?? {};
    expect([await total(), counters, spentNanoUsd]).toEqual([
      { calls: 0, failed: 0, tokens: 0, usd: 0 },
      [{ window: 'TOTAL' }],
      0.1 * usd,
    ]);
  });

  test('three processes of 50 calls each spend no more than the dollar they share', async () => {
    await money.reset({ budgets: [budgetOf({ window: 'TOTAL' })] });
    const spenders = await Promise.all([1, 2, 3].map(() => startSpender(url, 50)));
    const granted = await Promise.all(spenders.map((spender) => spender.reserve()));
    const reserved = await stand();
    await Promise.all(spenders.map((spender) => spender.settle()));
    expect([granted.reduce((sum, it) => sum + it, 0), reserved, await stand()]).toEqual([
      6,
      { spent: 0, reserved: 0.9 },
      { spent: 0.6, reserved: 0 },
    ]);
  });

  test('what a killed process had put aside is charged in the end', async () => {
    await money.reset({ budgets: [budgetOf({ window: 'TOTAL' })] });
    const spender = await startSpender(url, 4);
    await spender.reserve();
    await spender.kill();
    const after = await stand();
    // it used the real clock
    money.time = Date.now() + 60_000;
    await money.ledger.sweep();
    expect([after, await stand(), await total()]).toEqual([
      { spent: 0, reserved: 0.6 },
      { spent: 0.6, reserved: 0 },
      { calls: 4, failed: 4, tokens: 6_000, usd: 0.6 },
    ]);
  });
}
