import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { callerOf } from '../../../subgraphs/ai/caller.ts';
import { principalHeaders } from '../principalHeaders.ts';
import { type FakeProviders, startFakeProviders } from './fakeProviders.ts';
import { oneProvider, openAiForTest, type TestAi, withKey } from './openAiForTest.ts';
import { until } from './openCalls.ts';

let fake: FakeProviders;
let ai: TestAi;
let url: string;

beforeAll(async () => {
  fake = await startFakeProviders();
  ai = await openAiForTest({ models: oneProvider(fake.origin), environment: withKey, watch: true });
  url = await ai.serve();
});
beforeEach(() => fake.reset());
afterAll(async () => {
  await ai.close();
  await fake.close();
});

const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const subscription = `subscription { completeStream(input: { prompt: "Hi" }) {
  ... on AiDelta { text index } ... on AiStreamEnd { completion { text finishReason usage { output } } } } }`;

describe('ai serving: GraphQL', () => {
  test('extensions.ai say what the prompts of a response took', async () => {
    fake.next({ kind: 'json', value: { topic: 'BILLING' } });
    const answer = await (await post('/graphql', { query: '{ triageTicket(text: "x") { topic } }' })).json();
    expect(answer).toMatchObject({
      data: { triageTicket: { topic: 'BILLING' } },
      extensions: { ai: { calls: 1, cached: 0, inputTokens: 120, outputTokens: 30, usd: null } },
    });
  });

  test('a client who leaves ends the provider’s request', async () => {
    fake.otherwise({ kind: 'hang' });
    const left = new AbortController();
    const work = fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ complete(input: { prompt: "Hi" }) { text } }' }),
      signal: left.signal,
    }).catch(() => null);
    await until(() => fake.requests.length === 1);
    left.abort();
    await work;
    await fake.requests[0]?.aborted;
  });

  test('a prompt file that is added is served without a restart, and one that is wrong changes nothing', async () => {
    const sdl = async () =>
      JSON.stringify(await (await post('/graphql', { query: '{ _service { sdl } }' })).json());
    ai.write(
      'prompts/new.graphql',
      'extend type Query { haiku(about: String!): String @prompt(template: "Haiku on {{args.about}}") }',
    );
    await eventually(async () => (await sdl()).includes('haiku'));
    fake.next({ kind: 'json', value: { value: 'An old pond' } });
    const answer = await (await post('/graphql', { query: '{ haiku(about: "frogs") }' })).json();
    ai.write(
      'prompts/new.graphql',
      'extend type Query { limerick(about: String!): String @prompt(template: "{{args.abuot}}") }',
    );
    await eventually(async () => ai.log.some((line) => line.includes('PROMPT_VARIABLE_UNKNOWN')));
    expect([answer, (await sdl()).includes('haiku'), (await sdl()).includes('prompt(')]).toEqual([
      expect.objectContaining({ data: { haiku: 'An old pond' } }),
      true,
      false,
    ]);
  });

  test('a changed models.yaml is taken up without a restart, and one that is wrong changes nothing', async () => {
    const aliases = async () =>
      JSON.stringify(await (await post('/graphql', { query: '{ models(kind: TEXT) { alias } }' })).json());
    ai.write('models.yaml', `${oneProvider(fake.origin)}  poet: { targets: [none/poet] }\n`);
    await eventually(async () => (await aliases()).includes('poet'));
    ai.write('models.yaml', 'aliases: 3');
    await eventually(async () => ai.log.some((line) => line.includes('models.yaml is refused')));
    expect(await aliases()).toContain('poet');
  });
});

describe('ai serving: subscriptions', () => {
  test('over graphql-ws: deltas, then the end', async () => {
    fake.next({ kind: 'text', text: 'One two' });
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const events: unknown[] = [];
    for await (const { data } of client.iterate({ query: subscription })) events.push(data?.completeStream);
    await client.dispose();
    expect(events).toEqual([
      { text: 'One ', index: 0 },
      { text: 'two', index: 1 },
      { completion: { text: 'One two', finishReason: 'STOP', usage: { output: 30 } } },
    ]);
  });

  test('an error is an event of its own subscription, and leaves the socket open', async () => {
    fake.next({ kind: 'error', status: 400 }, { kind: 'text', text: 'Still here' });
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: false,
    });
    const read = async (query: string) => {
      const all: { errors?: readonly { extensions?: Record<string, unknown> }[] }[] = [];
      for await (const event of client.iterate({ query })) all.push(event as never);
      return all;
    };
    const [failed] = await read(subscription);
    const again = await read(subscription);
    await client.dispose();
    expect([failed?.errors?.[0]?.extensions?.code, again.length]).toEqual(['AI_BAD_REQUEST', 3]);
  });

  test('a subscriber who leaves while the provider is silent ends its request', async () => {
    fake.next({ kind: 'stall', text: 'One two three', after: 1 });
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: false,
    });
    const events = client.iterate({ query: subscription });
    await events.next();
    await events.return?.();
    await fake.requests[0]?.aborted;
    await client.dispose();
  });

  test('over SSE: the same', async () => {
    fake.next({ kind: 'text', text: 'One two' });
    const response = await post('/graphql/stream', { query: subscription }, { accept: 'text/event-stream' });
    const text = await response.text();
    const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(
      ([, json]) => JSON.parse(json ?? '').data.completeStream,
    );
    expect([response.headers.get('content-type'), events.length, text.includes('event: complete')]).toEqual([
      expect.stringContaining('text/event-stream'),
      3,
      true,
    ]);
  });

  test('an SSE client who leaves ends the provider’s request', async () => {
    fake.next({ kind: 'stall', text: 'One two three', after: 1 });
    const left = new AbortController();
    const response = await fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: subscription }),
      signal: left.signal,
    });
    await response.body?.getReader().read();
    left.abort();
    await fake.requests[0]?.aborted;
  });

  test('other paths are no WebSocket', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/other`);
    const [error] = await once(socket, 'error');
    expect(String(error)).toMatch(/hang up|ECONNRESET/);
  });
});

describe('ai serving: who asks', () => {
  const forged = { 'x-tributary-principal': 'e30.e30' };

  test('a header that the gateway has not signed is refused by every door', async () => {
    const statuses = await Promise.all(
      [
        ['/graphql', { query: '{ __typename }' }],
        ['/graphql/stream', { query: subscription }],
        ['/prompts/detectLanguage', { text: 'x' }],
      ].map(async ([path, body]) => (await post(String(path), body, forged)).status),
    );
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers: forged,
    });
    const [, response] = await once(socket, 'unexpected-response');
    expect([...statuses, response.statusCode]).toEqual([401, 401, 401, 401]);
  });

  test('over GraphQL the tenant is that of the signed header', async () => {
    const headers = principalHeaders({
      aud: 'ai',
      id: 'u-2',
      claims: { tenant: 'globex' },
      scopes: ['ai:operator'],
    });
    fake.next({ kind: 'json', value: { code: 'en', reliable: true } });
    await post('/graphql', { query: '{ detectLanguage(text: "whose") { code } }' }, headers);
    const query = '{ aiUsage(groupBy: [TENANT], tenant: "*") { rows { tenant } } }';
    expect(JSON.stringify(await (await post('/graphql', { query }, headers)).json())).toContain('globex');
  });

  test.each([
    [{ id: 'u-1', claims: { tenant: 'acme' } }, 'acme'],
    [{ id: 'u-1', claims: { org: 'acme' } }, 'u-1'],
    [{ id: 'u-1', claims: { tenant: 7 } }, 'u-1'],
    [{ id: undefined, claims: {} }, 'anonymous'],
  ])('%j is of the tenant %s', (facts, tenant) => {
    const principal = { kind: 'user', scopes: [], roles: [], ...facts } as const;
    expect(callerOf(principal, 'tenant').tenant).toBe(tenant);
  });
});

describe('ai serving: REST', () => {
  test('a prompt of Query takes its arguments as JSON', async () => {
    fake.next({ kind: 'json', value: { code: 'fr', reliable: true } });
    const response = await post('/prompts/detectLanguage', { text: 'Bonjour tout le monde' });
    expect([response.status, await response.json()]).toEqual([
      200,
      { data: { code: 'fr', reliable: true, model: 'none/small' } },
    ]);
  });

  test('a prompt of an entity takes its fields in `of`', async () => {
    fake.next({ kind: 'json', value: { text: 'Wasserkocher' } });
    const response = await post('/prompts/Product.descriptionIn', {
      of: { id: 'p1', name: 'Kettle', description: 'Boils water.' },
      language: 'German',
    });
    expect(await response.json()).toEqual({ data: { text: 'Wasserkocher', model: 'none/big' } });
    expect(JSON.stringify(fake.requests[0]?.body)).toContain('<data>Boils water.</data>');
  });

  test('it is metered as the same field', async () => {
    fake.next({ kind: 'json', value: { code: null, reliable: false } });
    const headers = principalHeaders({ aud: 'ai', id: 'u-1', claims: { tenant: 'acme' } });
    await post('/prompts/detectLanguage', { text: 'metered' }, headers);
    const { data } = await ai.ask('{ aiUsage(groupBy: [FIELD]) { rows { field } } }');
    expect(JSON.stringify(data)).toContain('Query.detectLanguage');
  });

  test.each([
    ['an unknown prompt', '/prompts/nothing', {}, 404, 'NOT_FOUND'],
    ['a missing argument', '/prompts/detectLanguage', {}, 400, 'BAD_USER_INPUT'],
    ['an argument of another type', '/prompts/detectLanguage', { text: 3 }, 400, 'BAD_USER_INPUT'],
    [
      'an argument that there is not',
      '/prompts/detectLanguage',
      { text: 'x', txet: 'y' },
      400,
      'BAD_USER_INPUT',
    ],
    ['no entity', '/prompts/Product.reviewDigest', {}, 400, 'BAD_USER_INPUT'],
    ['a body that is no object', '/prompts/detectLanguage', [1], 400, 'BAD_USER_INPUT'],
  ])('%s', async (_what, path, body, status, code) => {
    const response = await post(path, body);
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
      status,
      code,
    ]);
  });

  test('a provider that fails is a status of its class', async () => {
    fake.otherwise({ kind: 'error', status: 503 });
    const response = await post('/prompts/detectLanguage', { text: 'failing' });
    expect([response.status, await response.json()]).toEqual([
      502,
      { error: expect.objectContaining({ code: 'AI_UPSTREAM_ERROR', retryable: true }) },
    ]);
  });

  test('the OpenAPI document is one by the schema of OpenAPI 3.1, and names every prompt', async () => {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    const validator = new Validator();
    const { valid, errors } = await validator.validate(document as never);
    expect([valid, errors, validator.version]).toEqual([true, undefined, '3.1']);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/prompts/triageTicket',
        '/prompts/translate',
        '/prompts/detectLanguage',
        '/prompts/Product.reviewDigest',
        '/prompts/Product.descriptionIn',
        '/prompts/Review.sentiment',
      ]),
    );
  });
});

/** Waits for what files and the server do. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
