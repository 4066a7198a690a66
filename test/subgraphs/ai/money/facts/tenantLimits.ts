import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Reservation, TenantLimits } from '../../../../../subgraphs/ai/money/contract.ts';
import type { CreateDatabase } from '../../../openForTest.ts';
import { callOf, openMoney, settlementOf, type TestMoney } from '../openMoney.ts';

const minute = Date.UTC(2026, 10, 25, 10, 30);

/** How fast a tenant may go, over the databases that `createDatabase` makes. */
export function tenantLimitFacts(createDatabase: CreateDatabase): void {
  let money: TestMoney;
  beforeAll(async () => {
    money = await openMoney(await createDatabase());
  });
  afterAll(() => money.close());
  beforeEach(async () => {
    await money.reset();
    money.time = minute;
  });

  const limit = (given: Partial<TenantLimits>) => {
    const none = { requestsPerMinute: null, tokensPerMinute: null, inFlight: null };
    money.settings = { ...money.settings, tenantLimits: { default: { ...none, ...given } } };
  };
  /** A reservation, or the details of the refusal. */
  const ask = async (tenant = 'acme', tokens = 10) => {
    const estimate = { inputTokens: tokens, maxOutputTokens: 0, nanoUsd: 1 };
    const decision = await money.ledger.reserve(callOf({ tenant, estimate }));
    return decision.kind === 'reserved' ? 'reserved' : decision.kind === 'refused' && decision.details;
  };
  const reserve = async (tokens = 10): Promise<Reservation> => {
    const estimate = { inputTokens: tokens, maxOutputTokens: 0, nanoUsd: 1 };
    const decision = await money.ledger.reserve(callOf({ estimate }));
    if (decision.kind === 'reserved') return decision.reservation;
    throw new Error('not reserved');
  };

  test('calls at once beyond requestsPerMinute are refused, to each tenant its own', async () => {
    limit({ requestsPerMinute: 3 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask()));
    expect([answers.filter((it) => it === 'reserved').length, await ask('bolt')]).toEqual([3, 'reserved']);
  });

  // 3 calls in the last minute: at most 2 of the last 60 seconds may be counted, which is so after 20 of them have passed
  test('the wait that a refusal names is enough, and a millisecond less is not', async () => {
    limit({ requestsPerMinute: 3 });
    for (let calls = 0; calls < 3; calls += 1) await ask();
    money.time = minute + 30_000;
    const refused = await ask();
    expect(refused).toEqual({ limit: 'REQUESTS_PER_MINUTE', max: 3, retryAfterMs: 50_000 });
    money.time = minute + 79_999;
    const early = await ask();
    money.time = minute + 80_000;
    expect([early, await ask()]).toMatchObject([{ retryAfterMs: 1 }, 'reserved']);
  });

  test('two minutes later nothing is counted any more', async () => {
    limit({ requestsPerMinute: 3 });
    for (let calls = 0; calls < 3; calls += 1) await ask();
    money.time = minute + 120_000;
    expect([await ask(), await ask(), await ask()]).toEqual(['reserved', 'reserved', 'reserved']);
  });

  test('tokens are counted at their worst, and as used once a call is settled', async () => {
    limit({ tokensPerMinute: 1_000 });
    const reservation = await reserve(1_000);
    const before = await ask('acme', 100);
    await reservation.settle(settlementOf());
    expect([before, await ask('acme', 100), await ask('acme', 1)]).toMatchObject([
      { limit: 'TOKENS_PER_MINUTE' },
      'reserved',
      { limit: 'TOKENS_PER_MINUTE' },
    ]);
  });

  test('a call that is more than a minute’s tokens alone has no time to come back', async () => {
    limit({ tokensPerMinute: 1_000 });
    expect(await ask('acme', 1_001)).toEqual({ limit: 'TOKENS_PER_MINUTE', max: 1_000, retryAfterMs: null });
  });

  test('a released call counts neither as a request nor with its tokens', async () => {
    limit({ requestsPerMinute: 1, tokensPerMinute: 10 });
    await (await reserve()).release();
    expect(await ask()).toBe('reserved');
  });

  test('calls under way are bounded until they are settled or released', async () => {
    limit({ inFlight: 2 });
    const [first, second] = [await reserve(), await reserve()];
    const full = await ask();
    await first.settle(settlementOf());
    await second.release();
    expect([full, await ask(), await ask(), await ask()]).toMatchObject([
      { limit: 'IN_FLIGHT', max: 2 },
      'reserved',
      'reserved',
      { limit: 'IN_FLIGHT' },
    ]);
  });

  test('a tenant with limits of its own does not have the others’', async () => {
    limit({ requestsPerMinute: 1 });
    const { tenantLimits } = money.settings;
    const none = { requestsPerMinute: null, tokensPerMinute: null, inFlight: null };
    money.settings = { ...money.settings, tenantLimits: { ...tenantLimits, acme: none } };
    expect([await ask('acme'), await ask('acme'), await ask('bolt'), await ask('bolt')]).toMatchObject([
      'reserved',
      'reserved',
      'reserved',
      { limit: 'REQUESTS_PER_MINUTE' },
    ]);
  });

  test('what no limit asks for is not counted', async () => {
    await ask();
    expect(await money.db.selectFrom('ai_counters').selectAll().execute()).toEqual([]);
  });
}
