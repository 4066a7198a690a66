import { beforeEach, describe, expect, test } from '@jest/globals';
import type { GatewayError } from '../../../gateway/errors.ts';
import { MemoryBuckets } from '../../../gateway/limit/rate/memoryBuckets.ts';
import type { Payer } from '../../../gateway/limit/rate/payer.ts';
import { RateLimiter, type RateLimiterOptions } from '../../../gateway/limit/rate/rateLimiter.ts';
import { Telemetry } from '../../../gateway/telemetry/telemetry.ts';
import { clientRequestOf } from '../../support/clientRequestOf.ts';

let now: number;
let counted: unknown[];
beforeEach(() => {
  now = 0;
  counted = [];
});

function limiterOf(options: Partial<RateLimiterOptions>): RateLimiter {
  const telemetry = new Telemetry();
  telemetry.listen({ measured: (...measured) => counted.push(measured) });
  return new RateLimiter({
    store: new MemoryBuckets({ maxBuckets: 100, now: () => now }),
    budgets: [],
    weights: [],
    exempt: [],
    minPoints: 1,
    telemetry,
    ...options,
  });
}

const payer = (id: string | undefined, roles: readonly string[] = [], address = '192.0.2.1'): Payer => ({
  client: clientRequestOf({
    principal: { kind: id === undefined ? 'anonymous' : 'user', id, scopes: [], roles, claims: {} },
    headers: { 'apollographql-client-name': 'web' },
    address,
  }),
  clientNameHeader: 'apollographql-client-name',
});

async function outcomeOf(charge: Promise<unknown>): Promise<unknown> {
  try {
    return (await charge) === undefined ? 'free' : 'paid';
  } catch (error) {
    return (error as GatewayError).code;
  }
}

describe('rate: budgets', () => {
  test('refuse with a 429 that says whose they are, what is left, and when to ask again', async () => {
    const limiter = limiterOf({ budgets: [{ by: 'user', points: 100, per_seconds: 60 }] });
    await limiter.charge(payer('u1'), 70);
    now = 6_000;
    const refused = (await limiter.charge(payer('u1'), 70).catch((error: unknown) => error)) as GatewayError;
    const rateLimit = {
      key: 'user:u1',
      limit: 100,
      periodSeconds: 60,
      requestRate: 70,
      remaining: 40,
      retryAfterMs: 18_000,
      resetAfterMs: 36_000,
    };
    expect([refused.message, refused.extensions]).toEqual([
      'The operation costs 70 points, and 40 of 100 are left to user:u1 (60 s). Ask again in 18 s.',
      {
        code: 'RATE_LIMIT_EXCEEDED',
        rateLimit,
        http: {
          status: 429,
          headers: new Map([
            ['retry-after', '18'],
            ['ratelimit-limit', '100'],
            ['ratelimit-remaining', '40'],
            ['ratelimit-reset', '36'],
          ]),
        },
      },
    ]);
    now = 24_000;
    expect(await outcomeOf(limiter.charge(payer('u1'), 70))).toBe('paid');
  });

  test('say so when an operation never fits', async () => {
    const limiter = limiterOf({ budgets: [{ by: 'user', points: 100, per_seconds: 60 }] });
    await expect(limiter.charge(payer('u1'), 101)).rejects.toThrow(
      'The operation costs 101 points, and 100 of 100 are left to user:u1 (60 s). It never fits: ask for less at once.',
    );
    expect(await outcomeOf(limiter.charge(payer('u1'), Number.POSITIVE_INFINITY))).toBe(
      'RATE_LIMIT_EXCEEDED',
    );
  });

  test('give back what was not used, and report what is left', async () => {
    const limiter = limiterOf({ budgets: [{ by: 'user', points: 100, per_seconds: 60 }] });
    const charged = await limiter.charge(payer('u1'), 70);
    expect(charged?.settle(20)).toEqual({
      key: 'user:u1',
      limit: 100,
      periodSeconds: 60,
      requestRate: 20,
      remaining: 80,
      retryAfterMs: 0,
      resetAfterMs: 12_000,
    });
    expect(await outcomeOf(limiter.charge(payer('u1'), 80))).toBe('paid');
  });

  test('never take more than was charged, and never less than the least', async () => {
    const limiter = limiterOf({ budgets: [{ by: 'user', points: 100, per_seconds: 60 }], minPoints: 5 });
    const [dear, cheap] = [await limiter.charge(payer('u1'), 10), await limiter.charge(payer('u2'), 10)];
    expect([dear?.settle(500).remaining, cheap?.settle(0).remaining]).toEqual([90, 95]);
  });

  test('may be saved up to a burst', async () => {
    const limiter = limiterOf({ budgets: [{ by: 'user', points: 10, per_seconds: 1, burst: 30 }] });
    const outcomes = [
      await outcomeOf(limiter.charge(payer('u1'), 30)),
      await outcomeOf(limiter.charge(payer('u1'), 1)),
    ];
    now = 1000;
    outcomes.push(
      await outcomeOf(limiter.charge(payer('u1'), 11)),
      await outcomeOf(limiter.charge(payer('u1'), 10)),
    );
    expect(outcomes).toEqual(['paid', 'RATE_LIMIT_EXCEEDED', 'RATE_LIMIT_EXCEEDED', 'paid']);
  });

  test('of several windows hold together', async () => {
    const limiter = limiterOf({
      budgets: [
        { by: 'user', points: 10, per_seconds: 1 },
        { by: 'user', points: 15, per_seconds: 3600 },
      ],
    });
    const outcomes = [await outcomeOf(limiter.charge(payer('u1'), 10))];
    now = 1000;
    const error = await limiter.charge(payer('u1'), 10).catch((reason: unknown) => reason);
    outcomes.push((error as GatewayError).code);
    expect([outcomes, (error as GatewayError).extensions.rateLimit]).toEqual([
      ['paid', 'RATE_LIMIT_EXCEEDED'],
      expect.objectContaining({ limit: 15, remaining: 5 }),
    ]);
    // what was refused was charged to none of them
    expect(await outcomeOf(limiter.charge(payer('u1'), 5))).toBe('paid');
  });

  test('are of each user, client, role and address', async () => {
    const limiter = limiterOf({
      budgets: [
        { by: 'user', points: 5, per_seconds: 60 },
        { by: 'role', only: ['staff'], points: 6, per_seconds: 60 },
        { by: 'address', callers: 'anonymous', points: 2, per_seconds: 60 },
      ],
    });
    const outcomes: unknown[] = [];
    for (const [who, cost] of [
      [payer('u1'), 5],
      [payer('u1'), 1],
      [payer('u2', ['staff']), 5],
      [payer('u3', ['staff']), 2],
      [payer('u3', ['staff']), 1],
      [payer(undefined), 2],
      [payer(undefined), 1],
      [payer(undefined, [], '192.0.2.2'), 1],
    ] as const) {
      outcomes.push(await outcomeOf(limiter.charge(who, cost)));
    }
    expect(outcomes).toEqual([
      'paid',
      'RATE_LIMIT_EXCEEDED',
      'paid',
      'RATE_LIMIT_EXCEEDED',
      'paid',
      'paid',
      'RATE_LIMIT_EXCEEDED',
      'paid',
    ]);
  });

  test('are paid by weight, and not at all by who is exempt', async () => {
    const limiter = limiterOf({
      budgets: [{ by: 'client', points: 10, per_seconds: 60 }],
      weights: [{ by: 'role', only: ['partner'], weight: 0.5 }],
      exempt: [{ by: 'user', only: ['root'] }],
    });
    const partner = payer('u1', ['partner']);
    expect([
      await outcomeOf(limiter.charge(payer('root'), 1000)),
      await outcomeOf(limiter.charge(partner, 20)),
      await outcomeOf(limiter.charge(partner, 1)),
    ]).toEqual(['free', 'paid', 'RATE_LIMIT_EXCEEDED']);
  });

  test('are counted', async () => {
    const limiter = limiterOf({ budgets: [{ by: 'user', points: 1, per_seconds: 60 }] });
    await outcomeOf(limiter.charge(payer('u1'), 1));
    await outcomeOf(limiter.charge(payer('u1'), 1));
    expect(counted).toEqual([
      ['rateLimitCharges', 1, { result: 'admitted' }],
      ['rateLimitCharges', 1, { result: 'refused' }],
    ]);
  });
});

describe('rate: the budget of an API key', () => {
  const keyed = (budget: number | null): Payer => ({
    ...payer('k1'),
    client: clientRequestOf({
      principal: { kind: 'key', id: 'k1', scopes: [], roles: [], claims: { budget } },
    }),
  });

  test('holds for a minute, beside those of the settings', async () => {
    const limiter = limiterOf({ budgets: [{ by: 'key', points: 100, per_seconds: 60 }] });
    expect(await outcomeOf(limiter.charge(keyed(10), 8))).toBe('paid');
    expect(await outcomeOf(limiter.charge(keyed(10), 8))).toBe('RATE_LIMIT_EXCEEDED');
    now = 60_000;
    expect(await outcomeOf(limiter.charge(keyed(10), 8))).toBe('paid');
  });

  test('is none where the key was issued without one', async () => {
    expect(await outcomeOf(limiterOf({}).charge(keyed(null), 1_000_000))).toBe('free');
  });
});
