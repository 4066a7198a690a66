import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Decision, Reservation, ReserveRequest } from '../../../../../subgraphs/ai/money/contract.ts';
import type { CreateDatabase } from '../../../openForTest.ts';
import { budgetOf, callOf, openMoney, settlementOf, type TestMoney, usd, wednesday } from '../openMoney.ts';

/** What reserving, settling and releasing do to budgets, over the databases that `createDatabase` makes. */
export function reservingFacts(createDatabase: CreateDatabase): void {
  let money: TestMoney;
  beforeAll(async () => {
    money = await openMoney(await createDatabase());
  });
  afterAll(() => money.close());
  beforeEach(() => money.reset({ budgets: [budgetOf()] }));

  const reserve = async (given: Partial<ReserveRequest> = {}): Promise<Reservation> => {
    const decision = await money.ledger.reserve(callOf(given));
    if (decision.kind === 'reserved') return decision.reservation;
    throw new Error(`not reserved: ${JSON.stringify(decision)}`);
  };
  const ask = (given: Partial<ReserveRequest> = {}): Promise<Decision> => money.ledger.reserve(callOf(given));
  const stand = async (tenant: string | null = null) =>
    (await money.ledger.budgets(tenant)).map((state) => [
      state.scope,
      state.spentNanoUsd / usd,
      state.reservedNanoUsd / usd,
    ]);

  // by simple arithmetic: 6 × 15 cents fit into a dollar, 7 do not
  test('of 50 calls at once on a dollar, as many are let in as fit at their worst', async () => {
    const decisions = await Promise.all(Array.from({ length: 50 }, () => ask()));
    const granted = decisions.flatMap((it) => (it.kind === 'reserved' ? [it.reservation] : []));
    await Promise.all(granted.map((reservation) => reservation.settle(settlementOf())));
    expect([granted.length, await stand()]).toEqual([6, [['all', 0.6, 0]]]);
  });

  test('a refusal says what is spent, what is put aside, and when it begins anew', async () => {
    await (await reserve()).settle(settlementOf(0.9 * usd));
    await reserve({ estimate: { inputTokens: 1, maxOutputTokens: 2, nanoUsd: 0.05 * usd } });
    expect(await ask()).toEqual({
      kind: 'refused',
      code: 'AI_BUDGET_EXCEEDED',
      details: {
        scope: 'all',
        window: 'DAY',
        reason: 'LIMIT',
        limitUsd: '1',
        spentUsd: '0.9',
        reservedUsd: '0.05',
        limitTokens: null,
        spentTokens: 900,
        reservedTokens: 3,
        resetsAt: '2026-11-26T00:00:00.000Z',
      },
    });
  });

  test('what a call did not need is there for the next one', async () => {
    await (await reserve({ estimate: { inputTokens: 1, maxOutputTokens: 1, nanoUsd: usd } })).settle(
      settlementOf(),
    );
    expect((await ask({ estimate: { inputTokens: 1, maxOutputTokens: 1, nanoUsd: 0.9 * usd } })).kind).toBe(
      'reserved',
    );
  });

  test('a call that came to more than was put aside is charged in full', async () => {
    await (await reserve()).settle(settlementOf(0.2 * usd));
    expect(await stand()).toEqual([['all', 0.2, 0]]);
  });

  test('releasing gives everything back and reports no call', async () => {
    await (await reserve()).release();
    const report = await money.ledger.usage({ groupBy: [], tenant: null });
    expect([await stand(), report.total.calls]).toEqual([[['all', 0, 0]], 0]);
  });

  test('settling and releasing again change nothing', async () => {
    const reservation = await reserve();
    await reservation.settle(settlementOf());
    await reservation.settle(settlementOf(5 * usd));
    await reservation.release();
    expect(await stand()).toEqual([['all', 0.1, 0]]);
  });

  test('a refused call leaves nothing behind', async () => {
    await ask({ estimate: { inputTokens: 1, maxOutputTokens: 1, nanoUsd: 2 * usd } });
    expect(await stand()).toEqual([['all', 0, 0]]);
  });

  test('the next window begins with nothing spent', async () => {
    await (await reserve()).settle(settlementOf(usd));
    money.time = Date.UTC(2026, 10, 26);
    expect([(await ask()).kind, await stand()]).toEqual(['reserved', [['all', 0, 0.15]]]);
  });

  test('a call that ends in another window is charged where it began', async () => {
    const reservation = await reserve();
    money.time = Date.UTC(2026, 10, 26);
    await reservation.settle(settlementOf());
    const tomorrow = await stand();
    money.time = wednesday;
    expect([tomorrow, await stand()]).toEqual([[['all', 0, 0]], [['all', 0.1, 0]]]);
  });

  test('of several windows the narrowest decides, and each is charged', async () => {
    money.settings = {
      ...money.settings,
      budgets: [
        budgetOf({ window: 'MONTH', limitNanoUsd: 10 * usd }),
        budgetOf({ window: 'HOUR', limitNanoUsd: 0.2 * usd }),
      ],
    };
    await (await reserve()).settle(settlementOf());
    const refused = await ask();
    expect([
      refused.kind === 'refused' && refused.details,
      (await money.ledger.budgets(null)).map((it) => [it.budget.window, it.spentNanoUsd / usd]),
    ]).toEqual([
      expect.objectContaining({ window: 'HOUR', limitUsd: '0.2' }),
      [
        ['MONTH', 0.1],
        ['HOUR', 0.1],
      ],
    ]);
  });

  test('`*` gives each tenant a budget of its own', async () => {
    money.settings = { ...money.settings, budgets: [budgetOf({ tenant: '*' })] };
    await (await reserve({ tenant: 'acme' })).settle(settlementOf(usd));
    const kinds = [(await ask({ tenant: 'acme' })).kind, (await ask({ tenant: 'bolt' })).kind];
    expect([kinds, await stand('acme'), await stand('bolt')]).toEqual([
      ['refused', 'reserved'],
      [['tenant=acme', 1, 0]],
      [['tenant=bolt', 0, 0.15]],
    ]);
  });

  test('a budget of one tenant and field leaves the others alone', async () => {
    money.settings = {
      ...money.settings,
      budgets: [budgetOf({ tenant: 'acme', field: 'Product.reviewDigest' })],
    };
    await (await reserve({ field: 'Product.reviewDigest' })).settle(settlementOf(usd));
    expect([
      (await ask({ field: 'Product.reviewDigest' })).kind,
      (await ask({ field: 'Query.complete' })).kind,
      (await ask({ tenant: 'bolt', field: 'Product.reviewDigest' })).kind,
    ]).toEqual(['refused', 'reserved', 'reserved']);
  });

  test('a budget of an alias counts whichever target answers', async () => {
    money.settings = { ...money.settings, budgets: [budgetOf({ model: 'default' })] };
    await (await reserve({ models: ['mistral/mistral-small'] })).settle(settlementOf(usd));
    expect([(await ask()).kind, (await ask({ alias: 'fast' })).kind]).toEqual(['refused', 'reserved']);
  });

  test('a target whose budget is used up is left out, and the others go on', async () => {
    money.settings = { ...money.settings, budgets: [budgetOf({ model: 'openai/gpt-5-mini' })] };
    const models = ['openai/gpt-5-mini', 'mistral/mistral-small'];
    await (await reserve({ models })).settle(settlementOf(usd));
    const [both, alone] = [await ask({ models }), await ask()];
    expect([both.kind === 'reserved' && both.models, alone.kind]).toEqual([
      ['mistral/mistral-small'],
      'refused',
    ]);
  });

  test('of the targets that a call was put aside for, only the one that billed is charged', async () => {
    money.settings = { ...money.settings, budgets: [budgetOf({ model: '*' })] };
    const reservation = await reserve({ models: ['mistral/mistral-small', 'openai/gpt-5-mini'] });
    const before = await stand();
    await reservation.settle(settlementOf());
    expect([before, await stand()]).toEqual([
      [
        ['model=mistral/mistral-small', 0, 0.15],
        ['model=openai/gpt-5-mini', 0, 0.15],
      ],
      [
        ['model=mistral/mistral-small', 0, 0],
        ['model=openai/gpt-5-mini', 0.1, 0],
      ],
    ]);
  });

  test('a limit in tokens counts input and output', async () => {
    money.settings = {
      ...money.settings,
      budgets: [budgetOf({ limitNanoUsd: null, limitTokens: 2_399 })],
    };
    await (await reserve()).settle(settlementOf(null));
    const refused = await ask();
    expect(refused.kind === 'refused' && refused.details).toMatchObject({
      limitUsd: null,
      limitTokens: 2_399,
      spentTokens: 900,
    });
  });

  test('WARN lets a call pass and says that it exceeds', async () => {
    money.settings = { ...money.settings, budgets: [budgetOf({ action: 'WARN', limitNanoUsd: 1 })] };
    const decision = await ask();
    expect(decision.kind === 'reserved' && decision.warnings).toMatchObject([
      { scope: 'all', reason: 'LIMIT', limitUsd: '0.000000001' },
    ]);
  });

  test('DOWNGRADE sends a call to its alias, where it passes with a warning', async () => {
    const budget = budgetOf({ action: 'DOWNGRADE', downgradeTo: 'fast', limitNanoUsd: 1 });
    money.settings = { ...money.settings, budgets: [budget] };
    const first = await ask();
    const second = await ask({ alias: 'fast', downgradedFrom: ['default'] });
    expect([first, second.kind === 'reserved' && second.warnings.length]).toMatchObject([
      { kind: 'downgrade', alias: 'fast', notice: { scope: 'all' } },
      1,
    ]);
  });

  test('two budgets that send calls to each other end in a refusal', async () => {
    money.settings = {
      ...money.settings,
      budgets: [
        budgetOf({ model: 'default', action: 'DOWNGRADE', downgradeTo: 'fast', limitNanoUsd: 1 }),
        budgetOf({ model: 'fast', action: 'DOWNGRADE', downgradeTo: 'default', limitNanoUsd: 1 }),
      ],
    };
    const second = await ask({ alias: 'fast', downgradedFrom: ['default'] });
    expect([(await ask()).kind, second.kind]).toEqual(['downgrade', 'refused']);
  });

  test.each([
    ['ALLOW', 'reserved'],
    ['BLOCK', 'UNPRICED'],
  ] as const)('with `unpriced: %s` a call without a price ends as %s', async (unpriced, expected) => {
    money.settings = { ...money.settings, budgets: [budgetOf({ unpriced })] };
    const decision = await ask({ estimate: { inputTokens: 1, maxOutputTokens: 1, nanoUsd: null } });
    expect(
      decision.kind === 'refused' && decision.code === 'AI_BUDGET_EXCEEDED'
        ? decision.details.reason
        : decision.kind,
    ).toBe(expected);
  });

  test('a further upstream call is put aside on top', async () => {
    const reservation = await reserve();
    const more = { inputTokens: 1, maxOutputTokens: 1, nanoUsd: 0.5 * usd };
    const kinds = [(await reservation.extend(more)).kind, (await reservation.extend(more)).kind];
    const reserved = await stand();
    await reservation.settle(settlementOf(0.6 * usd));
    expect([kinds, reserved, await stand()]).toEqual([
      ['reserved', 'refused'],
      [['all', 0, 0.65]],
      [['all', 0.6, 0]],
    ]);
  });

  test('a further upstream call is put aside for the target that it goes to', async () => {
    money.settings = { ...money.settings, budgets: [budgetOf({ model: '*' })] };
    const reservation = await reserve({ models: ['mistral/mistral-small', 'openai/gpt-5-mini'] });
    const more = { inputTokens: 1, maxOutputTokens: 1, nanoUsd: 0.5 * usd };
    await reservation.extend({ ...more, models: ['openai/gpt-5-mini'] });
    const again = await reservation.extend({ ...more, models: ['openai/gpt-5-mini'] });
    expect([again.kind === 'refused' && again.details, await stand()]).toMatchObject([
      { scope: 'model=openai/gpt-5-mini' },
      [
        ['model=mistral/mistral-small', 0, 0.15],
        ['model=openai/gpt-5-mini', 0, 0.65],
      ],
    ]);
  });

  test('a budget that is added counts what its window has seen already', async () => {
    await (await reserve()).settle(settlementOf(0.9 * usd));
    money.settings = {
      ...money.settings,
      budgets: [budgetOf({ window: 'MONTH', tenant: '*', field: 'Query.complete' })],
    };
    const refused = await ask();
    expect(refused.kind === 'refused' && refused.details).toMatchObject({
      scope: 'tenant=acme field=Query.complete',
      spentUsd: '0.9',
    });
  });

  test('amounts beyond 32 bits are kept exactly', async () => {
    money.settings = { ...money.settings, budgets: [budgetOf({ limitNanoUsd: 1_000_000 * usd })] };
    const nanoUsd = 123_456_789_012_345;
    await (await reserve()).settle(settlementOf(nanoUsd));
    const [state] = await money.ledger.budgets(null);
    expect(state?.spentNanoUsd).toBe(nanoUsd);
  });
}
