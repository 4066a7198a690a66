import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fakeLocal } from './fakeLocal.ts';
import { type FakeProviders, startFakeProviders } from './fakeProviders.ts';
import { oneProvider, openAiForTest, type TestAi, withKey } from './openAiForTest.ts';

let fake: FakeProviders;
let ai: TestAi;
let keyless: TestAi;
const local = fakeLocal();

beforeAll(async () => {
  fake = await startFakeProviders();
  const models = oneProvider(fake.origin);
  ai = await openAiForTest({ models, environment: withKey });
  keyless = await openAiForTest({ local });
});
beforeEach(() => {
  fake.reset();
  ai.caller = { tenant: 'acme', scopes: [] };
});
afterAll(async () => {
  await ai.close();
  await keyless.close();
  await fake.close();
});

const codeOf = async (subgraph: TestAi, query: string, variables?: object) =>
  (await subgraph.ask(query, { ...variables })).errors?.[0]?.extensions?.code;

describe('ai queries: complete and chat', () => {
  test('answer with what it took', async () => {
    const { data } = await ai.ask(`{ complete(input: { prompt: "Hi", system: "Be terse." }) {
      text json finishReason requested model cached latencyMs
      usage { input cachedInput output reasoning total estimated } cost { usd source } attempts { model ok errorCode } } }`);
    expect(data?.complete).toEqual({
      text: 'Fake answer.',
      json: null,
      finishReason: 'STOP',
      requested: 'default',
      model: 'none/big',
      cached: false,
      latencyMs: expect.any(Number),
      usage: { input: 120, cachedInput: 64, output: 30, reasoning: 12, total: 150, estimated: false },
      cost: { usd: null, source: 'UNKNOWN' },
      attempts: [{ model: 'none/big', ok: true, errorCode: null }],
    });
  });

  test('chat sends the turns in order, what is told to the model first', async () => {
    await ai.ask(`{ chat(input: { model: "fast", options: { temperature: 0.5, maxOutputTokens: 9 }, messages: [
      { role: USER, content: "One" }, { role: SYSTEM, content: "Rules" }, { role: ASSISTANT, content: "Two" }, { role: USER, content: "Three" }] }) { text } }`);
    const { body } = fake.requests[0] ?? {};
    expect([body.model, body.temperature, body.max_output_tokens]).toEqual(['small', 0.5, 9]);
    expect(body.input.map(({ role }: { role: string }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
    ]);
  });

  test('a client’s own schema is sent, and the answer checked against it', async () => {
    fake.next({ kind: 'json', value: { n: 'x' } }, { kind: 'json', value: { n: 3 } });
    const { data } = await ai.ask(
      'query ($schema: AiJSON) { complete(input: { prompt: "Hi", options: { jsonSchema: $schema } }) { json } }',
      {
        schema: {
          type: 'object',
          properties: { n: { type: 'integer' } },
          required: ['n'],
          additionalProperties: false,
        },
      },
    );
    expect([data, fake.requests.length]).toEqual([{ complete: { json: { n: 3 } } }, 2]);
  });

  test.each([
    ['an empty prompt', 'complete(input: { prompt: " " }) { text }'],
    ['no turns', 'chat(input: { messages: [] }) { text }'],
    ['a last turn of the model', 'chat(input: { messages: [{ role: ASSISTANT, content: "x" }] }) { text }'],
    ['a temperature out of range', 'complete(input: { prompt: "x", options: { temperature: 3 } }) { text }'],
    ['too many stops', 'complete(input: { prompt: "x", options: { stop: ["1","2","3","4","5"] } }) { text }'],
    ['no text', 'embed(input: { texts: [] }) { model }'],
    ['an empty text', 'embed(input: { texts: [""] }) { model }'],
    ['no document', 'rank(query: "x", documents: []) { index }'],
  ])('%s is BAD_USER_INPUT', async (_what, field) => {
    expect([await codeOf(ai, `{ ${field} }`), fake.requests.length]).toEqual(['BAD_USER_INPUT', 0]);
  });

  test.each([
    [
      'a pattern, which could run for ever',
      { type: 'object', properties: { a: { type: 'string', pattern: '(a+)+$' } } },
    ],
    ['a reference, which could lead elsewhere', { type: 'object', $ref: 'http://127.0.0.1:9/x' }],
    ['a root that is no object', { type: 'array' }],
  ])('a client’s schema with %s is refused', async (_what, schema) => {
    const query =
      'query ($schema: AiJSON) { complete(input: { prompt: "Hi", options: { jsonSchema: $schema } }) { json } }';
    expect(await codeOf(ai, query, { schema })).toBe('BAD_USER_INPUT');
  });

  test('an alias that is not there, or is another tenant’s', async () => {
    const unknown = await codeOf(ai, '{ complete(input: { prompt: "x", model: "gpt" }) { text } }');
    const restricted = await openAiForTest({
      models: oneProvider(fake.origin).replace('[none/big] }', '[none/big], tenants: [other] }'),
      environment: withKey,
    });
    restricted.caller = { tenant: 'acme', scopes: [] };
    const forbidden = await codeOf(restricted, '{ complete(input: { prompt: "x" }) { text } }');
    const { data } = await restricted.ask('{ models(kind: TEXT) { alias } }');
    await restricted.close();
    expect([unknown, forbidden, data]).toEqual([
      'AI_MODEL_UNKNOWN',
      'AI_MODEL_FORBIDDEN',
      { models: [{ alias: 'fast' }] },
    ]);
  });
});

describe('ai queries: embed, rank, models', () => {
  test('vectors of the first enabled target', async () => {
    const { data } = await ai.ask(
      '{ embed(input: { texts: ["a", "b"] }) { vectors model dimensions usage { input estimated } } }',
    );
    expect(data?.embed).toEqual({
      vectors: [
        [0, 1, 0],
        [1, 1, 0],
      ],
      model: 'none/embed',
      dimensions: 3,
      usage: { input: 8, estimated: false },
    });
  });

  test('Google gives no numbers for embeddings: they are guessed', async () => {
    const google = await openAiForTest({
      models: oneProvider(fake.origin).replace('kind: openai', 'kind: google'),
      environment: withKey,
    });
    const { data } = await google.ask(
      '{ embed(input: { texts: ["hello world"] }) { usage { input estimated } } }',
    );
    await google.close();
    expect(data).toEqual({ embed: { usage: { input: 4, estimated: true } } });
  });

  test('another model never answers in the place of one that fails: its vectors would be of another space', async () => {
    fake.otherwise({ kind: 'error', status: 500 });
    expect(await codeOf(ai, '{ embed(input: { texts: ["a"] }) { model } }')).toBe('AI_UPSTREAM_ERROR');
  });

  test('without a provider the local model embeds', async () => {
    const { data } = await keyless.ask(
      '{ embed(input: { texts: ["a"] }) { vectors model dimensions cost { usd source } } }',
    );
    expect(data?.embed).toEqual({
      vectors: [[1, 0]],
      model: 'local/universal-sentence-encoder-lite',
      dimensions: 2,
      cost: { usd: '0', source: 'LOCAL' },
    });
  });

  test('rank gives the first of the ranked documents with their texts', async () => {
    const { data } = await keyless.ask(
      '{ rank(query: "q", documents: ["a", "b", "c"], first: 2) { index score text } }',
    );
    expect(data?.rank).toEqual([
      { index: 2, score: 0.8, text: 'c' },
      { index: 1, score: 0.9, text: 'b' },
    ]);
  });

  test('models tells which can be asked', async () => {
    const enabled = async (subgraph: TestAi) => {
      const { data } = await subgraph.ask('{ models { alias enabled } }');
      const all = data?.models as readonly { alias: string; enabled: boolean }[];
      return all.map((model) => `${model.alias} ${model.enabled}`);
    };
    expect([(await enabled(ai)).slice(0, 3), (await enabled(keyless)).slice(0, 3)]).toEqual([
      ['default true', 'fast true', 'embedding true'],
      ['default false', 'fast false', 'embedding true'],
    ]);
  });
});

describe('ai queries: without a key', () => {
  test('a generative field is refused, and told what enables it', async () => {
    const { data, errors } = await keyless.ask('{ translate(text: "x", to: "de") { text } }');
    expect([data, errors?.[0]?.extensions]).toEqual([
      { translate: null },
      { code: 'AI_NO_MODEL', retryable: false, enableWith: ['set NO_KEY'] },
    ]);
  });

  test('each field is answered by its own task, and says by what', async () => {
    const { data, errors } = await keyless.ask(
      '{ triageTicket(text: "Charged twice") { topic sentiment summary keywords contact { email url } model } }',
    );
    expect([data?.triageTicket, errors]).toEqual([
      {
        topic: 'BILLING',
        sentiment: 'POSITIVE',
        summary: 'First. Second.',
        keywords: ['kettle'],
        contact: { email: 'ann@example.com', url: null },
        model: 'local/universal-sentence-encoder-lite, local/vader, local/wink-eng-lite',
      },
      undefined,
    ]);
  });

  test('what cannot be told is null', async () => {
    const { data } = await keyless.ask('{ triageTicket(text: "unclear") { topic } }');
    expect(data).toEqual({ triageTicket: { topic: null } });
  });

  test('a field that no small model fills is null with AI_NO_MODEL at its place; the others answer', async () => {
    const product = {
      __typename: 'Product',
      id: 'p1',
      name: 'K',
      helpfulReviews: [{ rating: 5, title: 'Good', body: 'Boils.' }],
    };
    const { data, errors } = await keyless.entity(product, 'reviewDigest { verdict pros }');
    expect(data).toEqual({ _entities: [{ reviewDigest: { verdict: 'POSITIVE', pros: null } }] });
    expect(errors?.map(({ path, extensions }) => [path, extensions?.code])).toEqual([
      [['_entities', 0, 'reviewDigest', 'pros'], 'AI_NO_MODEL'],
    ]);
  });

  test('the small models read the texts alone, without the prompt’s wording and fences', async () => {
    local.texts.length = 0;
    const review = { __typename: 'Review', id: 'r1', title: 'Fine', body: 'It boils.' };
    await keyless.entity(review, 'sentiment { label score }');
    expect(local.texts).toEqual(['Fine. It boils.']);
  });
});

describe('ai queries: usage', () => {
  test('is that of the own tenant, by the keys asked for', async () => {
    ai.caller = { tenant: 'usage-1', scopes: [] };
    await ai.ask('{ complete(input: { prompt: "a" }) { text } }');
    fake.next({ kind: 'json', value: { topic: null } });
    await ai.ask('{ triageTicket(text: "b") { topic } }');
    const { data } = await ai.ask(
      '{ aiUsage(groupBy: [FIELD, MODEL]) { total { calls unpriced usd usage { input output } } rows { field model calls } } }',
    );
    expect(data?.aiUsage).toEqual({
      total: { calls: 2, unpriced: 2, usd: '0', usage: { input: 240, output: 60 } },
      rows: expect.arrayContaining([
        { field: 'Query.complete', model: 'none/big', calls: 1 },
        { field: 'Query.triageTicket', model: 'none/small', calls: 1 },
      ]),
    });
  });

  test('of others is seen with the operator’s scope only', async () => {
    const query =
      '{ aiUsage(tenant: "*", groupBy: [TENANT]) { rows { tenant } } aiBudgets(tenant: "*") { scope } }';
    const refused = await codeOf(ai, query);
    ai.caller = { tenant: 'acme', scopes: ['ai:operator'] };
    const { data } = await ai.ask(query);
    expect([refused, JSON.stringify(data)]).toEqual(['FORBIDDEN', expect.stringContaining('usage-1')]);
  });
});
