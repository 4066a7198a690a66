import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Behaviour, FakeProviders } from '../fakeProviders.ts';
import { startFakeProviders } from '../fakeProviders.ts';
import { failure, openCalls, type TestCalls, twoTargets, until } from '../openCalls.ts';

let fake: FakeProviders;
let opened: TestCalls;

beforeAll(async () => {
  fake = await startFakeProviders();
});
beforeEach(async () => {
  fake.reset();
  await opened?.close();
  opened = await openCalls(twoTargets(fake.origin));
});
afterAll(async () => {
  await opened.close();
  await fake.close();
});

const cached = { mode: 'DEFAULT', ttlSeconds: 60 } as const;
const usage = () => opened.money.ledger.usage({ groupBy: [], tenant: null });

/** Requests that wait for the test. */
function held(): { readonly behaviour: Behaviour; release(): void } {
  let release: () => void = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { behaviour: { kind: 'held', until, text: 'Held.' }, release };
}

describe('ai calls: cache', () => {
  test('an equal call is answered out of the cache, and costs nothing', async () => {
    await opened.calls.complete(opened.call({ cache: cached }));
    const again = await opened.calls.complete(opened.call({ cache: cached }));
    expect([fake.requests.length, again]).toEqual([
      1,
      expect.objectContaining({ text: 'Fake answer.', model: 'one/m', cached: true, attempts: [] }),
    ]);
    expect(again.cost.nanoUsd).toBe(0);
    expect((await usage()).total).toMatchObject({ calls: 2, cached: 1 });
  });

  test.each([
    ['another tenant', { tenant: 'other' }],
    ['other messages', { messages: [{ role: 'user', content: 'Else?' }] as const }],
    ['another temperature', { options: { temperature: 0.5 } }],
    ['other guardrails', { guardrails: ['mask_pii'] }],
  ])('%s is another call', async (_what, changes) => {
    await opened.calls.complete(opened.call({ cache: cached }));
    await opened.calls.complete(opened.call({ cache: cached, ...changes }));
    expect(fake.requests.length).toBe(2);
  });

  test('another target behind the alias is another call', async () => {
    await opened.calls.complete(opened.call({ cache: cached }));
    opened.configure(twoTargets(fake.origin).replace('[one/m, two/m]', '[one/n, two/m]'));
    await opened.calls.complete(opened.call({ cache: cached }));
    expect(fake.requests.length).toBe(2);
  });

  test('REFRESH asks anew and keeps; OFF asks anew and keeps nothing', async () => {
    const refresh = { mode: 'REFRESH', ttlSeconds: 60 } as const;
    const off = { mode: 'OFF', ttlSeconds: 60 } as const;
    await opened.calls.complete(opened.call({ cache: off }));
    await opened.calls.complete(opened.call({ cache: refresh }));
    await opened.calls.complete(opened.call({ cache: refresh }));
    await opened.calls.complete(opened.call({ cache: cached }));
    expect(fake.requests.length).toBe(3);
  });

  test('an answer that was cut is not kept', async () => {
    fake.next({ kind: 'text', text: 'Half', finish: 'length' });
    const first = await opened.calls.complete(opened.call({ cache: cached }));
    await opened.calls.complete(opened.call({ cache: cached }));
    expect([first.finishReason, fake.requests.length]).toEqual(['LENGTH', 2]);
  });

  test('a filtered answer is not kept', async () => {
    fake.next({ kind: 'text', text: 'No', finish: 'filter' });
    await failure(opened.calls.complete(opened.call({ cache: cached })));
    expect((await opened.calls.complete(opened.call({ cache: cached }))).cached).toBe(false);
  });

  test('equal calls at the same time are one request', async () => {
    const { behaviour, release } = held();
    fake.next(behaviour);
    const all = [1, 2, 3].map(() => opened.calls.complete(opened.call({ cache: cached })));
    await until(() => fake.requests.length === 1);
    release();
    expect((await Promise.all(all)).map((one) => one.cached)).toEqual([false, true, true]);
    expect(fake.requests.length).toBe(1);
  });

  test('the first of equal callers may leave; the others get their answer', async () => {
    const { behaviour, release } = held();
    fake.next(behaviour);
    const first = new AbortController();
    const one = opened.calls.complete(opened.call({ cache: cached, signal: first.signal }));
    const other = opened.calls.complete(opened.call({ cache: cached }));
    await until(() => fake.requests.length === 1);
    first.abort(new Error('gone'));
    await expect(one).rejects.toThrow('gone');
    release();
    expect((await other).text).toBe('Held.');
  });

  test('when all equal callers have left, the request is aborted', async () => {
    fake.next({ kind: 'hang' });
    const callers = [new AbortController(), new AbortController()];
    const all = callers.map(({ signal }) => opened.calls.complete(opened.call({ cache: cached, signal })));
    await until(() => fake.requests.length === 1);
    for (const caller of callers) caller.abort(new Error('gone'));
    await Promise.allSettled(all);
    await fake.requests[0]?.aborted;
  });
});

describe('ai calls: a tenant’s place', () => {
  const limited = (text: string): string => `${twoTargets(fake.origin)}\nlimits: ${text}`;

  test('no more of a tenant’s calls than allowed are at providers, whoever else asks', async () => {
    opened.configure(limited('{ in_flight: 2 }'));
    const { behaviour, release } = held();
    fake.otherwise(behaviour);
    const all = [1, 2, 3, 4].map(() => opened.calls.complete(opened.call()));
    all.push(opened.calls.complete(opened.call({ tenant: 'other' })));
    await until(() => fake.requests.length === 3);
    release();
    await Promise.all(all);
    expect(fake.requests.length).toBe(5);
  });

  test('too many that wait are refused', async () => {
    opened.configure(limited('{ in_flight: 1, waiting: 1 }'));
    const { behaviour, release } = held();
    fake.otherwise(behaviour);
    const all = [1, 2].map(() => opened.calls.complete(opened.call()));
    const { extensions } = await failure(opened.calls.complete(opened.call()));
    expect(extensions).toMatchObject({ code: 'AI_TENANT_LIMIT', retryable: true });
    release();
    await Promise.all(all);
  });
});

describe('ai calls: money', () => {
  const priced = (budgets: string): string => `${twoTargets(fake.origin)}
  cheap: { targets: [two/m] }
models:
  one/m: { price: { input: 1000, output: 1000 } }
  two/m: { price: { input: 1, output: 1 } }
budgets: ${budgets}`;

  test('50 parallel calls overspend no budget', async () => {
    // one call costs 150 tokens of 0.001 USD; its worst case is more
    opened.configure(priced('[{ tenant: "*", window: DAY, limit_usd: 1 }]'));
    const call = {
      options: { maxOutputTokens: 30 },
      messages: [{ role: 'user', content: 'x'.repeat(600) }],
    } as const;
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, () => opened.calls.complete(opened.call(call))),
    );
    const spent = (await usage()).total.nanoUsd;
    expect(spent).toBeLessThanOrEqual(1e9);
    expect(spent).toBeGreaterThan(0);
    const refused = all.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(new Set(refused.map(({ reason }) => reason.extensions.code))).toEqual(
      new Set(['AI_BUDGET_EXCEEDED']),
    );
  });

  test('a refusal says which budget, and when it begins anew', async () => {
    opened.configure(priced('[{ tenant: "*", window: DAY, limit_usd: 0.01 }]'));
    const { extensions } = await failure(opened.calls.complete(opened.call()));
    expect(extensions).toMatchObject({
      code: 'AI_BUDGET_EXCEEDED',
      window: 'DAY',
      limitUsd: '0.01',
      resetsAt: '2026-11-26T00:00:00.000Z',
    });
    expect(fake.requests).toEqual([]);
  });

  test('DOWNGRADE sends the call to the other alias', async () => {
    opened.configure(
      priced('[{ model: default, window: DAY, limit_usd: 0.01, action: DOWNGRADE, downgrade_to: cheap }]'),
    );
    expect((await opened.calls.complete(opened.call())).model).toBe('two/m');
  });

  test('a call that failed without a bill is counted, and costs nothing', async () => {
    opened.configure(priced('[]'));
    fake.otherwise({ kind: 'error', status: 503 });
    await failure(opened.calls.complete(opened.call()));
    expect((await usage()).total).toMatchObject({ calls: 1, failed: 1, nanoUsd: 0, unpriced: 0 });
  });

  test('a price that is not known is null, and counted', async () => {
    const { cost } = await opened.calls.complete(opened.call());
    expect([cost.nanoUsd, cost.source, (await usage()).total.unpriced]).toEqual([null, 'UNKNOWN', 1]);
  });
});

describe('ai calls: telemetry', () => {
  test('every call is reported with its tokens, attempts and end, without prompt and answer', async () => {
    fake.next({ kind: 'error', status: 500 });
    await opened.calls.complete(opened.call());
    expect(opened.ended).toMatchObject([
      {
        operation: 'chat',
        alias: 'default',
        model: 'one/m',
        provider: 'openai_compatible',
        tenant: 'acme',
        attempts: [{ ok: false }, { ok: true }],
        usage: { inputTokens: 120, outputTokens: 30 },
        finishReason: 'STOP',
        errorCode: null,
        content: null,
      },
    ]);
    expect(JSON.stringify(opened.ended)).not.toMatch(/federation|Fake answer/i);
  });

  test('a stream reports the time to its first token', async () => {
    for await (const _ of opened.calls.stream(opened.call()));
    expect(opened.ended[0]).toMatchObject({ isStream: true, firstTokenMs: expect.any(Number) });
  });
});
