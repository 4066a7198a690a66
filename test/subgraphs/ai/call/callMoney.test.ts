import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { outputType } from '../../../../subgraphs/ai/prompt/outputType.ts';
import { type FakeProviders, startFakeProviders } from '../fakeProviders.ts';
import { failure, openCalls, type TestCalls, twoTargets, until } from '../openCalls.ts';

let fake: FakeProviders;
let opened: TestCalls;
beforeAll(async () => {
  fake = await startFakeProviders();
});
afterAll(() => fake.close());
beforeEach(async () => {
  fake.reset();
  opened = await openCalls(twoTargets(fake.origin));
});
afterEach(() => opened.close());

describe('ai money: streams', () => {
  const sold = (): string => `
providers:
  openai: { kind: openai, base_url: "${fake.origin}/v1", key_env: KEY }
  anthropic: { kind: anthropic, base_url: "${fake.origin}/v1", key_env: KEY }
  mistral: { kind: mistral, base_url: "${fake.origin}/mistral/v1", key_env: KEY }
  google: { kind: google, base_url: "${fake.origin}/v1beta", key_env: KEY }
models:
  openai/gpt-4.1-mini: { api: chat }
aliases:
  default: { targets: [openai/gpt-5-mini] }
  openai-chat: { targets: [openai/gpt-4.1-mini] }
  anthropic: { targets: [anthropic/claude-sonnet-4-5] }
  mistral: { targets: [mistral/mistral-small-latest] }
  google: { targets: [google/gemini-2.5-flash] }`;

  test.each(['default', 'openai-chat', 'anthropic', 'mistral', 'google'])(
    'a streamed call of %s costs what an unstreamed one does',
    async (model) => {
      opened.configure(sold(), { KEY: 'sk-test' });
      const { cost, usage } = await opened.calls.complete(opened.call({ model }));
      const ends = [];
      for await (const event of opened.calls.stream(opened.call({ model }))) {
        if (event.kind === 'end') ends.push([event.completion.cost, event.completion.usage]);
      }
      expect([cost.nanoUsd !== null && cost.nanoUsd > 0, ends]).toEqual([true, [[cost, usage]]]);
    },
  );
});

describe('ai money: budgets', () => {
  const priced = (budgets: string): string => `${twoTargets(fake.origin)}
models:
  one/m: { price: { input: 1000, output: 1000 } }
  two/m: { price: { input: 1000, output: 1000 } }
budgets: ${budgets}`;

  test('one that only warns is told to the operator, once a window', async () => {
    opened.configure(priced('[{ tenant: "*", window: DAY, limit_usd: 0.001, action: WARN }]'));
    await opened.calls.complete(opened.call());
    await opened.calls.complete(opened.call());
    expect(opened.warnings).toMatchObject([
      { tenant: 'acme', field: 'Query.complete', budget: { scope: 'tenant=acme', limitUsd: '0.001' } },
    ]);
  });

  test('one of a target does not let a fallback pass it', async () => {
    opened.configure(priced('[{ model: two/m, window: DAY, limit_usd: 1.2 }]'));
    // the worst case of the call fits once: about 1.1 USD
    fake.next({ kind: 'error', status: 401 }, { kind: 'error', status: 503 });
    const { extensions } = await failure(opened.calls.complete(opened.call()));
    expect([extensions.code, extensions.scope]).toEqual(['AI_BUDGET_EXCEEDED', 'model=two/m']);
  });

  test('a repair turn is put aside with the answer that it sends back', async () => {
    const schema = {
      type: 'object',
      properties: { mood: { type: 'string', enum: ['GOOD', 'BAD'] } },
      required: ['mood'],
      additionalProperties: false,
    } as const;
    opened.configure(priced('[{ window: DAY, limit_usd: 100 }]'));
    let letGo: () => void = () => {};
    const isLetGo = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    fake.next(
      { kind: 'text', text: 'x1 '.repeat(2_000) },
      { kind: 'held', until: isLetGo, text: '{"mood":"GOOD"}' },
    );
    const asked = opened.calls.complete(opened.call({ output: outputType('mood', schema, schema) }));
    await until(() => fake.requests.length === 2);
    const [state] = await opened.money.ledger.budgets(null);
    letGo();
    await asked;
    // twice the call at its worst is 2.3 USD; 2000 × `x1` are at least 4000 tokens of 0.001 USD more
    expect((state?.reservedNanoUsd ?? 0) / 1e9).toBeGreaterThan(6);
  });
});
