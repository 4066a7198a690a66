import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { type GatewayOptions, type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

let subgraph: StubSubgraph;
let gateways: GatewayUnderTest[];

beforeAll(async () => {
  subgraph = await startStubSubgraph(
    'accounts',
    'type Query { me: User } type User { id: ID name: String }',
    {
      Query: { me: () => ({ id: 'u1', name: 'Ada' }) },
    },
  );
});
afterAll(async () => {
  await Promise.all(Array.from(shared.values(), async (gateway) => (await gateway).stop()));
  await subgraph?.close();
});
beforeEach(() => {
  gateways = [];
});
afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

async function start(options: GatewayOptions): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ subgraphs: [subgraph], ...options });
  gateways.push(gateway);
  return gateway;
}

/** Gateways that answer alike whatever they were asked before. */
const shared = new Map<string, Promise<GatewayUnderTest>>();

function startShared(options: GatewayOptions): Promise<GatewayUnderTest> {
  const key = JSON.stringify(options);
  const gateway = shared.get(key) ?? startGateway({ subgraphs: [subgraph], ...options });
  shared.set(key, gateway);
  return gateway;
}

const manifest = {
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: [
    { id: 'me', name: 'Me', type: 'query', body: 'query Me { me { name } }', clientName: null },
    { id: 'mine', name: 'Mine', type: 'query', body: 'query Mine { me { id } }', clientName: 'ios' },
    { id: 'me', name: 'MeOfIos', type: 'query', body: 'query MeOfIos { me { id name } }', clientName: 'ios' },
  ],
};

const withList = (settings: Record<string, unknown> = {}, list: unknown = manifest): GatewayOptions => ({
  files: { 'operations.json': JSON.stringify(list) },
  settings: { persisted_queries: { local_manifests: ['operations.json'], ...settings } },
});

async function whole(response: Response): Promise<unknown> {
  const { data, errors = [] } = (await response.json()) as {
    data?: unknown;
    errors?: { extensions: { code: string } }[];
  };
  return data ?? [response.status, ...errors.map(({ extensions }) => extensions.code)];
}

const ADA = { me: { name: 'Ada' } };
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const apq = (sha256Hash: unknown) => ({ persistedQuery: { version: 1, sha256Hash } });

describe('persisted operations: ids', () => {
  test.each([
    ['documentId', { documentId: 'me' }, {}, ADA],
    ['doc_id', { doc_id: 'me' }, {}, ADA],
    ['the hash of APQ', { extensions: apq('me') }, {}, ADA],
    ['a form that says what it is', { documentId: 'x-app:me' }, {}, ADA],
    ['a client', { documentId: 'mine' }, { 'apollographql-client-name': 'ios' }, { me: { id: 'u1' } }],
    [
      'a client that has another document of the id',
      { documentId: 'me' },
      { 'apollographql-client-name': 'ios' },
      { me: { id: 'u1', name: 'Ada' } },
    ],
    ['another client', { documentId: 'mine' }, {}, [404, 'PERSISTED_QUERY_NOT_IN_LIST']],
    ['nobody', { documentId: 'other' }, {}, [404, 'PERSISTED_QUERY_NOT_IN_LIST']],
    ['a prototype', { documentId: '__proto__' }, {}, [404, 'PERSISTED_QUERY_NOT_IN_LIST']],
    [
      'an id beside a document',
      { documentId: 'me', query: '{ me { id } }' },
      {},
      [400, 'CANNOT_SEND_PQ_ID_AND_BODY'],
    ],
    [
      'a hash that no list has, which may be registered',
      { extensions: apq('a'.repeat(64)) },
      {},
      [200, 'PERSISTED_QUERY_NOT_FOUND'],
    ],
    ['no id', { query: '{ me { name } }' }, {}, ADA],
  ])('by %s', async (_what, body, headers, expected) => {
    const gateway = await startShared(withList());
    expect(await whole(await gateway.ask(body, headers))).toEqual(expected);
  });

  test('in the URL', async () => {
    const gateway = await startShared(withList());
    const response = await fetch(`${gateway.url}/graphql?documentId=me`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect(await whole(response)).toEqual(ADA);
  });

  test.each([
    ['a map', { 'sha256:abc': '{ me { name } }' }],
    ['pairs', [['abc', '{ me { name } }']]],
  ])('of %s, as Relay writes lists', async (_what, list) => {
    const gateway = await startShared(withList({}, list));
    expect(await whole(await gateway.ask({ documentId: 'sha256:abc' }))).toEqual(ADA);
  });

  test('that are not known are told in words, and kept by no cache', async () => {
    const gateway = await startShared(withList());
    const response = await gateway.ask({ documentId: 'other' });
    expect([response.headers.get('cache-control'), await response.json()]).toEqual([
      'private, no-cache, must-revalidate',
      {
        errors: [
          {
            message: "Persisted query 'other' not found in the persisted query list",
            extensions: { code: 'PERSISTED_QUERY_NOT_IN_LIST' },
          },
        ],
      },
    ]);
  });
});

describe('persisted operations: safelist', () => {
  const safelist = (more: Record<string, unknown> = {}) => withList({ safelist: { enabled: true, ...more } });

  test.each([
    ['a document of the list', { query: 'query Me { me { name } }' }, ADA],
    ['the same in another writing', { query: '#\nquery Me{me{name,}}' }, ADA],
    ['an id', { documentId: 'me' }, ADA],
    ['another document', { query: '{ me { name } }' }, [403, 'QUERY_NOT_IN_SAFELIST']],
    [
      'introspection, where it is on',
      { query: '{ __schema { queryType { name } } }' },
      { __schema: { queryType: { name: 'Query' } } },
    ],
    ['introspection with more', { query: '{ __typename me { id } }' }, [403, 'QUERY_NOT_IN_SAFELIST']],
    ['what does not parse', { query: '{ me' }, [403, 'QUERY_NOT_IN_SAFELIST']],
    [
      'a document that is to be registered',
      { query: '{ me { id } }', extensions: apq(hashOf('{ me { id } }')) },
      [400, 'CANNOT_SEND_PQ_ID_AND_BODY'],
    ],
    ['a hash that no list has', { extensions: apq('a'.repeat(64)) }, [404, 'PERSISTED_QUERY_NOT_IN_LIST']],
  ])('on %s', async (_what, body, expected) => {
    const gateway = await startShared(safelist());
    expect(await whole(await gateway.ask(body))).toEqual(expected);
  });

  test.each([
    ['an id', { documentId: 'me' }, ADA],
    ['a document of the list', { query: 'query Me { me { name } }' }, [400, 'PERSISTED_QUERY_ID_REQUIRED']],
    ['introspection', { query: '{ __schema { queryType { name } } }' }, [400, 'PERSISTED_QUERY_ID_REQUIRED']],
  ])('of ids alone, on %s', async (_what, body, expected) => {
    const gateway = await startShared(safelist({ require_id: true }));
    expect(await whole(await gateway.ask(body))).toEqual(expected);
  });

  test('takes in no operation of a batch that is not listed', async () => {
    const { settings, ...rest } = safelist();
    const gateway = await start({ ...rest, settings: { ...settings, batching: { enabled: true } } });
    const answer = await gateway.answerTo([{ documentId: 'me' }, { query: '{ me { id } }' }]);
    expect(answer).toEqual([
      { data: ADA },
      {
        errors: [
          {
            message: 'The operation body was not found in the persisted query safelist',
            extensions: { code: 'QUERY_NOT_IN_SAFELIST' },
          },
        ],
      },
    ]);
  });

  test('is never beside automatic persisted queries', async () => {
    const { settings, ...rest } = safelist();
    await expect(start({ ...rest, settings: { ...settings, apq: { enabled: true } } })).rejects.toThrow(
      'apq.enabled: cannot be on beside `persisted_queries.safelist`: clients would add to the list',
    );
  });
});

describe('persisted operations: the files', () => {
  test('are read again when they change, and kept when they break', async () => {
    const gateway = await start(withList({ safelist: { enabled: true } }));
    const file = path.join(gateway.folder, 'operations.json');
    const answerTo = async (documentId: string): Promise<unknown> => whole(await gateway.ask({ documentId }));
    const before = await answerTo('new');
    await writeFile(file, JSON.stringify([['new', '{ me { name } }']]));
    while (!('me' in ((await answerTo('new')) as object)));
    await writeFile(file, '{"format":');
    // it is served for as long as the file is broken, and until a whole one has come
    const entries = ['new', 'newer'].map((id) => [id, '{ me { name } }']);
    const meanwhile = [await answerTo('new')];
    await writeFile(file, JSON.stringify(entries));
    while (!('me' in ((await answerTo('newer')) as object))) meanwhile.push(await answerTo('new'));
    expect([before, new Set(meanwhile.map((answer) => JSON.stringify(answer)))]).toEqual([
      [404, 'PERSISTED_QUERY_NOT_IN_LIST'],
      new Set([JSON.stringify(ADA)]),
    ]);
  });

  test.each([
    ['{"format":"other","version":1,"operations":[]}', 'its format is "other"'],
    [
      '{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}',
      'its version is 2, and 1 is what is read',
    ],
    ['{"a":"{ me"}', 'the body of "a" does not parse: Syntax Error: Expected Name, found <EOF>.'],
    ['{"a":7}', 'entry 0 is no id with a text'],
    ['7', 'it is neither a map nor a list'],
  ])('that hold %s are refused at the start', async (text, reason) => {
    const { settings } = withList();
    await expect(start({ settings, files: { 'operations.json': text } })).rejects.toThrow(
      expect.objectContaining({
        code: 'SETTINGS_INVALID',
        message: expect.stringContaining(`operations.json cannot be used: ${reason}`),
      }),
    );
  });
});

describe('automatic persisted queries', () => {
  // Source: Apollo Server documentation, "Automatic persisted queries"
  const HASH = 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38';

  test('are registered by hash and document, and then asked for by hash', async () => {
    const gateway = await start({});
    const unknown = await gateway.ask({ extensions: apq(HASH) });
    expect([unknown.status, unknown.headers.get('cache-control'), await unknown.json()]).toEqual([
      200,
      'private, no-cache, must-revalidate',
      {
        errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
      },
    ]);
    const answers = [
      await gateway.answerTo({ query: '{__typename}', extensions: apq(HASH) }),
      await gateway.answerTo({ extensions: apq(HASH) }),
    ];
    expect(answers).toEqual([{ data: { __typename: 'Query' } }, { data: { __typename: 'Query' } }]);
  });

  test('are refused under another document’s hash, and not kept', async () => {
    const gateway = await start({});
    const wrong = await gateway.ask({ query: '{ me { id } }', extensions: apq(HASH) });
    expect([
      wrong.status,
      await wrong.json(),
      await whole(await gateway.ask({ extensions: apq(HASH) })),
    ]).toEqual([
      400,
      {
        errors: [
          {
            message: 'provided sha does not match query',
            extensions: { code: 'PERSISTED_QUERY_HASH_MISMATCH' },
          },
        ],
      },
      [200, 'PERSISTED_QUERY_NOT_FOUND'],
    ]);
  });

  test.each([
    ['a document that exceeds a limit', `{${'me{id}'.repeat(30)}}`, [400, 'MAX_ROOT_FIELDS_LIMIT']],
    ['a document that is not valid', '{ nothing }', [400, 'GRAPHQL_VALIDATION_FAILED']],
    ['a document that is too long to keep', `{ me { name } } #${'x'.repeat(60_000)}`, ADA],
  ])('are not kept of %s', async (_what, query, expected) => {
    const gateway = await start({});
    const hash = hashOf(query);
    expect([
      await whole(await gateway.ask({ query, extensions: apq(hash) })),
      await whole(await gateway.ask({ extensions: apq(hash) })),
    ]).toEqual([expected, [200, 'PERSISTED_QUERY_NOT_FOUND']]);
  });

  test('are as many as are kept', async () => {
    const gateway = await start({ settings: { apq: { max_entries: 2 } } });
    const queries = ['a', 'b', 'c'].map((alias) => `{ ${alias}: me { name } }`);
    for (const query of queries) await gateway.ask({ query, extensions: apq(hashOf(query)) });
    const answers = [];
    for (const query of queries)
      answers.push(await whole(await gateway.ask({ extensions: apq(hashOf(query)) })));
    expect(answers).toEqual([[200, 'PERSISTED_QUERY_NOT_FOUND'], { b: ADA.me }, { c: ADA.me }]);
  });

  test('may be off', async () => {
    const gateway = await start({ settings: { apq: { enabled: false } } });
    expect(await whole(await gateway.ask({ extensions: apq(HASH) }))).toEqual([
      200,
      'PERSISTED_QUERY_NOT_SUPPORTED',
    ]);
  });
});

(hasRedis() ? describe : describe.skip)('automatic persisted queries in Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  const query = '{ me { name } }';

  test('are known to every gateway, and what somebody else wrote there is not believed', async () => {
    const { createClient } = await import('@redis/client');
    const client = createClient({ url: redis.url });
    await client.connect();
    const env = { REDIS_URL: redis.url };
    const [one, other] = [await start({ env }), await start({ env })];
    // a gateway is connected to Redis some time after it serves
    const key = `tributary:apq:${hashOf(query)}`;
    while ((await client.get(key)) === null) await one.ask({ query, extensions: apq(hashOf(query)) });
    let found = await whole(await other.ask({ extensions: apq(hashOf(query)) }));
    while (!('me' in (found as object)))
      found = await whole(await other.ask({ extensions: apq(hashOf(query)) }));
    const forged = hashOf('{ me { id } }');
    await client.set(`tributary:apq:${forged}`, query);
    const answer = await whole(await other.ask({ extensions: apq(forged) }));
    client.destroy();
    expect([found, answer]).toEqual([ADA, [200, 'PERSISTED_QUERY_NOT_FOUND']]);
  });
});
