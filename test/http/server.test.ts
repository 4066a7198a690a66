import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

const SDL = /* GraphQL */ `
  type Query {
    hello(name: String, age: Int): String
    slow: String
  }
  type Mutation {
    shout: String
  }
`;

let subgraph: StubSubgraph;
let development: GatewayUnderTest;
let production: GatewayUnderTest;
let open: GatewayUnderTest;

beforeAll(async () => {
  subgraph = await startStubSubgraph('greeter', SDL, {
    Query: {
      hello: (_root, { name = 'world' }) => `hello ${name}`,
    },
    Mutation: { shout: () => 'HELLO' },
  });
  [development, production, open] = await Promise.all([
    startGateway({ subgraphs: [subgraph] }),
    startGateway({ subgraphs: [subgraph], env: { NODE_ENV: 'production' } }),
    startGateway({
      subgraphs: [subgraph],
      settings: {
        batching: { enabled: true },
        csrf_prevention: false,
        cors: { origins: ['https://app.example', 'https://other.example'], credentials: true },
      },
    }),
  ]);
});

afterAll(async () => {
  await Promise.all([development?.stop(), production?.stop(), open?.stop()]);
  await subgraph?.close();
});

afterEach(() => {
  subgraph.answer = undefined;
});

const preflight = { 'apollo-require-preflight': '1' };

async function whole(response: Response): Promise<unknown> {
  return { status: response.status, body: await response.json() };
}

const get = (search: string, headers: Readonly<Record<string, string>> = preflight): Promise<Response> =>
  fetch(`${development.url}/graphql?${search}`, { headers });

describe('http: an answer', () => {
  test('has these headers', async () => {
    const response = await development.ask({ query: '{ hello }' }, { 'x-request-id': 'abc' });
    const { date: _date, ...headers } = Object.fromEntries(response.headers);
    expect(headers).toEqual({
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'content-length': '33',
      'content-type': 'application/json; charset=utf-8',
      'keep-alive': 'timeout=75',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'abc',
    });
  });

  test.each(['abc', '0af7651916cd43dd8448eb211c80319c', 'a.b:c-d_e', 'x'.repeat(128)])(
    'takes over the request id %s',
    async (id) => {
      const response = await development.ask({ query: '{ hello }' }, { 'x-request-id': id });
      expect(response.headers.get('x-request-id')).toBe(id);
    },
  );

  test.each([undefined, 'a b', '"><script>', 'a,b', 'x'.repeat(129), '\u00e9'])(
    'makes a request id in place of %j',
    async (id) => {
      const response = await development.ask(
        { query: '{ hello }' },
        id === undefined ? {} : { 'x-request-id': id },
      );
      // Source: RFC 9562, the text form of a version 4 UUID.
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    },
  );

  test('keeps the aliases `__proto__` and `constructor`', async () => {
    const response = await development.ask({ query: '{ __proto__: hello constructor: hello(name: "C") }' });
    expect(await response.text()).toBe('{"data":{"__proto__":"hello world","constructor":"hello C"}}\n');
  });

  test('takes no member of the request from a JSON key `__proto__`', async () => {
    const response = await fetch(`${development.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"__proto__":{"query":"{ hello }"},"constructor":{"query":"{ hello }"}}',
    });
    expect(response.status).toBe(400);
  });

  test('passes on a variable that is called `__proto__`', async () => {
    const response = await fetch(`${development.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"query ($__proto__: String) { hello(name: $__proto__) }","variables":{"__proto__":"P"}}',
    });
    expect(await response.json()).toEqual({ data: { hello: 'hello P' } });
  });

  test('passes on variables that are called `constructor`', async () => {
    const body = {
      query: 'query ($constructor: String) { hello(name: $constructor) }',
      variables: { constructor: 'C' },
    };
    expect(await development.answerTo(body)).toEqual({ data: { hello: 'hello C' } });
  });
});

describe('http: GET', () => {
  test('answers a query after a preflight', async () => {
    expect(await whole(await get('query={hello}'))).toEqual({
      status: 200,
      body: { data: { hello: 'hello world' } },
    });
  });

  test('reads variables and the operation name', async () => {
    const search = new URLSearchParams({
      query: 'query A { slow } query B($name: String) { hello(name: $name) }',
      operationName: 'B',
      variables: '{"name":"Ann"}',
    });
    expect(await whole(await get(`${search}`))).toEqual({
      status: 200,
      body: { data: { hello: 'hello Ann' } },
    });
  });

  test('without a preflight is refused by the CSRF rule', async () => {
    expect((await get('query={hello}', {})).status).toBe(400);
  });

  test('without a preflight is answered where the CSRF rule is off', async () => {
    expect(await whole(await fetch(`${open.url}/graphql?query={hello}`))).toEqual({
      status: 200,
      body: { data: { hello: 'hello world' } },
    });
  });

  // Source: GHSA-9q82-xgwf-vj6h.
  test.each(['text/plain', 'message/http', 'application/xml'])(
    'with the content type %s is a 415',
    async (type) => {
      expect(await whole(await get('query={hello}', { ...preflight, 'content-type': type }))).toEqual({
        status: 415,
        body: {
          errors: [
            {
              message: 'GET requests may not have a content-type header other than application/json.',
              extensions: { code: 'INVALID_CONTENT_TYPE_HEADER' },
            },
          ],
        },
      });
    },
  );

  test('with a mutation is a 405 that names POST, and the mutation does not run', async () => {
    const before = subgraph.requests.length;
    const response = await get('query=mutation{shout}');
    expect(response.headers.get('allow')).toBe('POST');
    expect(await whole(response)).toEqual({
      status: 405,
      body: {
        errors: [
          {
            message: 'GET requests only support query operations, not mutation operations',
            extensions: { code: 'METHOD_NOT_ALLOWED' },
          },
        ],
      },
    });
    expect(subgraph.requests.length).toBe(before);
  });
});

describe('http: batches', () => {
  test('are answered in their order', async () => {
    expect(
      await open.answerTo([{ query: '{ hello }' }, { query: '{ nothing }' }, { query: '{ a: hello }' }]),
    ).toEqual([
      { data: { hello: 'hello world' } },
      {
        errors: [
          {
            message: 'Cannot query field "nothing" on type "Query".',
            locations: [{ line: 1, column: 3 }],
            extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
          },
        ],
      },
      { data: { a: 'hello world' } },
    ]);
  });

  test('that are empty are a 400', async () => {
    expect((await open.ask([])).status).toBe(400);
  });
});

describe('http: CORS', () => {
  const corsOf = (response: Response): unknown =>
    Object.fromEntries([...response.headers].filter(([name]) => /^access-control|^vary/.test(name)));

  test('says nothing where no origin is allowed', async () => {
    const response = await development.ask({ query: '{ hello }' }, { origin: 'https://app.example' });
    expect([response.status, corsOf(response)]).toEqual([200, {}]);
  });

  test('lets an allowed origin read the answer', async () => {
    const response = await open.ask({ query: '{ hello }' }, { origin: 'https://app.example' });
    expect(corsOf(response)).toEqual({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
  });

  test.each(['https://evil.example', 'https://app.example.evil.example', 'null'])(
    'does not let %s read the answer',
    async (origin) => {
      const response = await open.ask({ query: '{ hello }' }, { origin });
      expect(response.headers.get('access-control-allow-origin')).toBe(null);
    },
  );

  test('answers the preflight of an allowed origin', async () => {
    const response = await fetch(`${open.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect([response.status, corsOf(response)]).toEqual([
      204,
      {
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'content-type',
        'access-control-allow-methods': 'GET, POST',
        vary: 'Origin, Access-Control-Request-Headers',
      },
    ]);
  });
});

// Source of hash, messages and codes: Apollo Server, "Automatic Persisted Queries".
describe('http: automatic persisted queries', () => {
  const sha256Hash = 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38';
  const extensions = { persistedQuery: { version: 1, sha256Hash } };

  test('a hash that is not known is asked for, and the answer is not cached', async () => {
    const response = await production.ask({ extensions });
    expect(response.headers.get('cache-control')).toBe('private, no-cache, must-revalidate');
    expect(await whole(response)).toEqual({
      status: 200,
      body: {
        errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
      },
    });
  });

  test('a hash that came with its query is enough from then on', async () => {
    const answer = { data: { __typename: 'Query' } };
    expect([
      await development.answerTo({ query: '{__typename}', extensions }),
      await development.answerTo({ extensions }),
      await (await get(`extensions=${JSON.stringify(extensions)}`)).json(),
    ]).toEqual([answer, answer, answer]);
  });

  test('a hash of another query is a 400', async () => {
    expect(await whole(await development.ask({ query: '{ __typename }', extensions }))).toEqual({
      status: 400,
      body: {
        errors: [
          {
            message: 'provided sha does not match query',
            extensions: { code: 'PERSISTED_QUERY_HASH_MISMATCH' },
          },
        ],
      },
    });
  });

  test('another version is a 400', async () => {
    const version2 = { persistedQuery: { version: 2, sha256Hash } };
    expect(await whole(await development.ask({ extensions: version2 }))).toEqual({
      status: 400,
      body: {
        errors: [{ message: 'Unsupported persisted query version', extensions: { code: 'BAD_REQUEST' } }],
      },
    });
  });
});

describe('http: a client that goes away', () => {
  test('ends the request to the subgraph', async () => {
    subgraph.answer = () => {};
    const asked = subgraph.nextRequest();
    const client = new AbortController();
    const answer = fetch(`${development.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ slow }"}',
      signal: client.signal,
    });
    const { ended } = await asked;
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    expect(await ended).toBe('closed');
  });
});

describe('http: a request that takes too long', () => {
  // each answer comes within the time of a subgraph: the operation as a whole is what takes too long
  const settings = { traffic_shaping: { inbound: { timeout_ms: 200 } } };

  test.each(['apollo', 'compiled'])(
    'is ended with a 504, and so is what it asked for: %s',
    async (engine) => {
      const gateway = await startGateway({ subgraphs: [subgraph], settings: { ...settings, engine } });
      try {
        await gateway.answerTo({ query: '{ hello }' });
        subgraph.answer = () => {};
        const asked = subgraph.nextRequest();
        const response = await gateway.ask({ query: '{ slow }' });
        expect(await whole(response)).toEqual({
          status: 504,
          body: {
            errors: [
              {
                message: 'The request was not answered within 200 ms.',
                extensions: { code: 'GATEWAY_TIMEOUT' },
              },
            ],
          },
        });
        expect(await (await asked).ended).toBe('closed');
        subgraph.answer = undefined;
        expect(await gateway.answerTo({ query: '{ hello }' })).toEqual({ data: { hello: 'hello world' } });
      } finally {
        await gateway.stop();
      }
    },
  );
});

describe('http: the end of the server', () => {
  test('is not held up by a connection on which nothing was sent', async () => {
    const gateway = await startGateway({ subgraphs: [subgraph] });
    const socket = connect(gateway.port, '127.0.0.1');
    await once(socket, 'connect');
    // a request on another connection proves that the server has accepted the first
    await gateway.answerTo({ query: '{ hello }' });
    const closed = once(socket, 'close');
    await gateway.stop();
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  test('waits for a request that is in flight', async () => {
    const gateway = await startGateway({ subgraphs: [subgraph] });
    let release: (() => void) | undefined;
    const after = new Promise<void>((resolve) => {
      release = resolve;
    });
    subgraph.answer = { body: '{"data":{"slow":"done"}}', after };
    const asked = subgraph.nextRequest();
    const answer = gateway.answerTo({ query: '{ slow }' });
    await asked;
    const stopped = gateway.stop();
    release?.();
    expect(await answer).toEqual({ data: { slow: 'done' } });
    await stopped;
  });
});
