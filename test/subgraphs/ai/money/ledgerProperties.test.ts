import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Reservation } from '../../../../subgraphs/ai/money/contract.ts';
import { noTokens } from '../../../../subgraphs/ai/money/tokenUsage.ts';
import { seededIntegers } from '../../../support/seededNumbers.ts';
import { inMemory } from '../../openForTest.ts';
import { budgetOf, callOf, openMoney, type TestMoney } from './openMoney.ts';

/*
 * Whatever happens to calls, in any order: what counters say is what the rows say, and no limit is passed by calls that keep to
 * their worst case.
 */

let money: TestMoney;
beforeAll(async () => {
  money = await openMoney(await inMemory());
});
afterAll(() => money.close());

interface Held {
  readonly reservation: Reservation;
  readonly expiresAt: number;
  /** Those that may be asked; the first is charged when its time is over. */
  models: readonly string[];
  /** What was put aside for each of them. */
  nanoUsd: number;
}

const limit = 5_000;
const models = ['openai/a', 'openai/B', 'mistral/c'];
const limits = { requestsPerMinute: null, tokensPerMinute: null, inFlight: 20 };

async function takeSteps(random: (below: number) => number, steps: number): Promise<void> {
  const held: Held[] = [];
  const estimateOf = () => ({ inputTokens: random(50), maxOutputTokens: random(50), nanoUsd: random(900) });
  for (let step = 0; step < steps; step += 1) {
    const one = held[random(held.length || 1)];
    switch (random(one ? 8 : 1)) {
      case 4: {
        const estimate = estimateOf();
        const more = await one?.reservation.extend(estimate).catch(() => null);
        if (!one || more?.kind !== 'reserved') break;
        one.nanoUsd += estimate.nanoUsd;
        one.models = more.models;
        break;
      }
      case 5:
        await one?.reservation.release();
        break;
      case 6: {
        if (!one) break;
        const nanoUsd = random(one.nanoUsd + 1);
        // what another target billed after the time was over may pass that target's limit: it is real money
        const isLate = one.expiresAt <= money.time;
        const model = one.models[isLate ? 0 : random(one.models.length)] ?? '';
        const usage = { ...noTokens, inputTokens: random(50), outputTokens: random(50) };
        const cost = { nanoUsd, source: 'CATALOG', priceDate: null } as const;
        await one.reservation.settle({ charges: [{ model, usage, cost }], attempts: 1, outcome: 'OK' });
        break;
      }
      case 7:
        money.time += random(400_000);
        await money.ledger.sweep();
        break;
      default: {
        const estimate = estimateOf();
        const decision = await money.ledger.reserve(
          callOf({
            tenant: ['acme', 'bolt'][random(2)] ?? '',
            field: ['Query.complete', 'Product.reviewDigest'][random(2)] ?? '',
            models: models.slice(random(3)),
            estimate,
            expiresInMs: 300_000,
          }),
        );
        if (decision.kind !== 'reserved') break;
        held.push({ ...decision, nanoUsd: estimate.nanoUsd, expiresAt: money.time + 300_000 });
      }
    }
    await check();
  }
}

/** Compares each counter with the rows that it stands for. */
async function check(): Promise<void> {
  const counters = await money.db.selectFrom('ai_counters').selectAll().execute();
  const usage = await money.db.selectFrom('ai_usage').selectAll().execute();
  const reservations = await money.db
    .selectFrom('ai_reservations')
    .selectAll()
    .where('status', '=', 'HELD')
    .execute();
  const holds = reservations.flatMap(({ holds }) => JSON.parse(holds) as [string, number, number][]);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);
  for (const counter of counters) {
    if (counter.kind === 'IN_FLIGHT') {
      expect(counter.calls).toBe(reservations.filter(({ tenant }) => tenant === counter.tenant).length);
    }
    if (counter.kind !== 'BUDGET') continue;
    const counted = usage.filter(
      (row) =>
        row.started_at >= counter.window_start &&
        row.started_at < (counter.window_end ?? Number.POSITIVE_INFINITY) &&
        (counter.tenant === null || counter.tenant === row.tenant) &&
        (counter.field === null || counter.field === row.field) &&
        (counter.model === null || counter.model === row.model),
    );
    const own = holds.filter(([key]) => key === counter.key);
    expect({
      key: counter.key,
      spent: counter.spent_nano_usd,
      spentTokens: counter.spent_tokens,
      reserved: counter.reserved_nano_usd,
      reservedTokens: counter.reserved_tokens,
      isWithinLimit: counter.spent_nano_usd + counter.reserved_nano_usd <= limit,
    }).toEqual({
      key: counter.key,
      spent: sum(counted.map((row) => row.nano_usd ?? 0)),
      spentTokens: sum(counted.map((row) => row.input_tokens + row.output_tokens)),
      reserved: sum(own.map(([, nanoUsd]) => nanoUsd)),
      reservedTokens: sum(own.map(([, , tokens]) => tokens)),
      isWithinLimit: true,
    });
  }
}

describe('ledger: whatever happens', () => {
  test.each([1, 2, 3, 4])('counters say what the rows say, seed %d', async (seed) => {
    await money.reset({
      budgets: [
        budgetOf({ tenant: '*', window: 'HOUR', limitNanoUsd: limit }),
        budgetOf({ model: '*', window: 'DAY', limitNanoUsd: limit }),
        budgetOf({ field: 'Product.reviewDigest', window: 'WEEK', limitNanoUsd: limit }),
      ],
      tenantLimits: { default: limits },
    });
    const next = seededIntegers(seed);
    await takeSteps((below) => next() % below, 150);
  });
});
