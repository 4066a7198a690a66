import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/* What clients get of the headers of subgraphs' answers, by `headers.*.response`. */

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';

let accounts: StubSubgraph;
let products: StubSubgraph;

beforeAll(async () => {
  accounts = await startStubSubgraph(
    'accounts',
    `${link} type Query { me: User users: String } type Mutation { raise: Int } type User @key(fields: "id") { id: ID! name: String }`,
  );
  products = await startStubSubgraph(
    'products',
    `${link} type Query { top: String } type User @key(fields: "id") { id: ID! bought: String }`,
  );
});
afterAll(() => Promise.all([accounts?.close(), products?.close()]));

const json = { 'content-type': 'application/json' };
const answerOf = (data: unknown, headers: Readonly<Record<string, string | string[]>>) =>
  ((response) => {
    response.writeHead(200, { ...json, ...headers });
    response.end(JSON.stringify({ data }));
  }) satisfies StubSubgraph['answer'];

/** What the client gets beside the headers of every answer. */
function beside(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-') && !OWN.has(name)));
}
const OWN = new Set(['x-request-id', 'x-content-type-options']);

describe.each(['compiled', 'apollo'])('response headers: engine %s', (engine) => {
  let gateway: GatewayUnderTest | undefined;
  afterEach(async () => {
    accounts.answer = undefined;
    products.answer = undefined;
    await gateway?.stop();
    gateway = undefined;
  });

  async function start(
    headers: unknown,
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<GatewayUnderTest> {
    gateway = await startGateway({
      subgraphs: [accounts, products],
      settings: { engine, ...(headers === undefined ? {} : { headers }), ...settings },
    });
    return gateway;
  }

  const all = (...response: unknown[]) => ({ all: { response } });

  // RFC 9111: whoever stores the answer may do so for as long as all that it is made of
  test('how long an answer may be stored is what all that it is made of allow', async () => {
    const { ask } = await start(undefined, { cache_control_policy: { enabled: true } });
    const query = '{ top users }';
    const stored = async (request: { query: string }): Promise<string | null> =>
      (await ask(request)).headers.get('cache-control');
    products.answer = answerOf({ top: 'Tea' }, { 'cache-control': 'public, max-age=60' });
    accounts.answer = answerOf({ users: 'two' }, { 'cache-control': 'public, max-age=30' });
    expect(await stored({ query })).toBe('max-age=30, public');
    expect(await stored({ query: '{ top __schema { queryType { name } } }' })).toBe('max-age=60, public');
    // a mutation, what is asked of nobody, what is no operation, and one that lacks something
    accounts.answer = answerOf({ raise: 1 }, { 'cache-control': 'public, max-age=30' });
    expect(await stored({ query: 'mutation { raise }' })).toBe('no-store');
    expect(await stored({ query: '{ __typename }' })).toBe('no-store');
    expect(await stored({ query: '{ nothing }' })).toBe('no-store');
    accounts.answer = (response) => {
      response.writeHead(200, { ...json, 'cache-control': 'public, max-age=30' });
      response.end('{"data":{"users":null},"errors":[{"message":"no"}]}');
    };
    expect(await stored({ query })).toBe('no-store');
    accounts.answer = answerOf({ users: 'two' }, {});
    expect(await stored({ query })).toBe('no-store');
  });

  // RFC 9110 §12.5.5
  test('what may be stored is told apart by credentials, and by what rules send on', async () => {
    const answer = answerOf({ top: 'Tea' }, { 'cache-control': 'public, max-age=60', 'set-cookie': 'a=1' });
    const asked = async (headers: unknown): Promise<unknown> => {
      const { ask, stop } = await start(headers, { cache_control_policy: { enabled: true } });
      products.answer = answer;
      const { headers: got } = await ask({ query: '{ top }' });
      await stop();
      return [got.get('cache-control'), got.get('vary')];
    };
    const request = (...rules: unknown[]) => ({ all: { request: rules } });
    expect([
      await asked(request({ propagate: { named: 'x-tenant' } })),
      await asked(request({ propagate: { matching: 'x-.*' } })),
      // a cookie is for one client
      await asked(all({ op: 'propagate', named: 'set-cookie' })),
    ]).toEqual([
      ['max-age=60, public', 'authorization, x-api-key, x-tenant'],
      ['max-age=60, public', '*'],
      ['no-store', null],
    ]);
  });

  test('nothing is sent on without rules', async () => {
    const { ask } = await start(undefined);
    products.answer = answerOf({ top: 'Tea' }, { 'x-a': '1', 'set-cookie': 'a=1' });
    const response = await ask({ query: '{ top }' });
    expect([beside(response.headers), response.headers.get('set-cookie')]).toEqual([{}, null]);
  });

  test('what a rule names is sent on, and the answer of the gateway stays its own', async () => {
    const { ask } = await start(all({ op: 'propagate', matching: '.*' }));
    products.answer = answerOf(
      { top: 'Tea' },
      {
        'x-a': '1',
        'x-request-id': 'theirs',
        'x-content-type-options': 'theirs',
        'content-language': 'de',
        'cache-control': 'public, max-age=60',
        etag: '"1"',
        age: '7',
        vary: 'x-a',
        'access-control-allow-origin': '*',
        'content-type': 'application/json; charset=utf-8; theirs',
      },
    );
    const response = await ask({ query: '{ top }' }, { 'x-request-id': 'ours' });
    const { date, ...headers } = Object.fromEntries(response.headers);
    expect([headers, Number.isNaN(Date.parse(date ?? '')), await response.json()]).toEqual([
      {
        'cache-control': 'no-store',
        connection: 'keep-alive',
        'content-language': 'de',
        'content-length': '23',
        'content-type': 'application/json; charset=utf-8',
        'keep-alive': 'timeout=75',
        'x-a': '1',
        'x-content-type-options': 'nosniff',
        'x-request-id': 'ours',
      },
      false,
      { data: { top: 'Tea' } },
    ]);
  });

  test('the order of the plan decides, not who answers first', async () => {
    const { ask } = await start(
      all(
        { op: 'propagate', named: 'x-from', rename: 'x-first', algorithm: 'first_write' },
        { op: 'propagate', named: 'x-from', rename: 'x-last', algorithm: 'last_write' },
        { op: 'propagate', named: 'x-from', rename: 'x-all', algorithm: 'append' },
      ),
    );
    const query = '{ users top }';
    const answers = async (slow: StubSubgraph, fast: StubSubgraph): Promise<unknown> => {
      const data = { users: 'Ann', top: 'Tea' };
      const own = (stub: StubSubgraph) => (stub === accounts ? { users: data.users } : { top: data.top });
      const fastEnded = fast.nextRequest().then(({ ended }) => ended);
      fast.answer = {
        headers: { 'x-from': fast.name },
        body: JSON.stringify({ data: own(fast) }),
      };
      slow.answer = {
        headers: { 'x-from': slow.name },
        body: JSON.stringify({ data: own(slow) }),
        after: fastEnded,
      };
      return beside((await ask({ query })).headers);
    };
    const expected = {
      'x-first': expect.any(String),
      'x-last': expect.any(String),
      'x-all': expect.any(String),
    };
    const [one, other] = [await answers(accounts, products), await answers(products, accounts)];
    expect([one, other]).toEqual([expected, one]);
    const { 'x-first': first, 'x-last': last, 'x-all': both } = one as Record<string, string>;
    expect([new Set([first, last]), both]).toEqual([new Set(['accounts', 'products']), `${first}, ${last}`]);
  });

  test('fetches that follow each other are in their order', async () => {
    const { ask } = await start(all({ op: 'propagate', named: 'x-from', algorithm: 'append' }));
    accounts.answer = answerOf({ me: { __typename: 'User', id: '1' } }, { 'x-from': 'accounts' });
    products.answer = answerOf({ _entities: [{ bought: 'Tea' }] }, { 'x-from': 'products' });
    const response = await ask({ query: '{ me { bought } }' });
    expect([await response.json(), beside(response.headers)]).toEqual([
      { data: { me: { bought: 'Tea' } } },
      { 'x-from': 'accounts, products' },
    ]);
  });

  test('rules of a subgraph say nothing of another', async () => {
    const { ask } = await start({
      subgraphs: { accounts: { response: [{ op: 'propagate', matching: 'x-.*' }] } },
    });
    accounts.answer = answerOf({ users: 'Ann' }, { 'x-a': '1' });
    products.answer = answerOf({ top: 'Tea' }, { 'x-b': '2' });
    expect(beside((await ask({ query: '{ users top }' })).headers)).toEqual({ 'x-a': '1' });
  });

  test('cookies are lines of their own, also of two subgraphs', async () => {
    const { ask } = await start(all({ op: 'propagate', named: 'set-cookie' }));
    accounts.answer = answerOf(
      { me: { __typename: 'User', id: '1' } },
      { 'set-cookie': ['a=1; Path=/', 'b=2'] },
    );
    products.answer = answerOf({ _entities: [{ bought: 'Tea' }] }, { 'set-cookie': 'c=3' });
    const { headers } = await ask({ query: '{ me { bought } }' });
    expect(headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2', 'c=3']);
  });

  test('an answer that failed has headers too, one that did not come has none', async () => {
    const { ask } = await start(
      all({ op: 'propagate', named: 'x-a' }, { op: 'set', name: 'x-set', value: '1' }),
    );
    products.answer = { status: 503, headers: { 'content-type': 'text/html', 'x-a': 'down' }, body: '<h1>' };
    const failed = await ask({ query: '{ top }' });
    products.answer = 'reset';
    const reset = await ask({ query: '{ top }' });
    expect([failed.status, beside(failed.headers), reset.status, beside(reset.headers)]).toEqual([
      200,
      { 'x-a': 'down', 'x-set': '1' },
      200,
      {},
    ]);
  });

  test('a call that is made again has the headers of the answer that counts', async () => {
    const { ask } = await start(all({ op: 'propagate', named: 'x-a', algorithm: 'append' }), {
      traffic_shaping: { all: { retry: { enabled: true, interval_ms: 1 } } },
    });
    let asked = 0;
    products.answer = (response) => {
      asked += 1;
      response.writeHead(asked === 1 ? 503 : 200, { ...json, 'x-a': String(asked) });
      response.end('{"data":{"top":"Tea"}}');
    };
    expect(beside((await ask({ query: '{ top }' })).headers)).toEqual({ 'x-a': '2' });
  });

  test('an operation that is refused, or asks no subgraph, has none', async () => {
    const { ask } = await start(all({ op: 'set', name: 'x-set', value: '1' }));
    const given = await Promise.all(
      ['{ nothing }', '{', '{ __typename }'].map(async (query) => beside((await ask({ query })).headers)),
    );
    expect(given).toEqual([{}, {}, {}]);
  });

  test('an automatic persisted query has them, and the miss before it none', async () => {
    const { ask } = await start(all({ op: 'propagate', named: 'x-a' }));
    products.answer = answerOf({ top: 'Tea' }, { 'x-a': '1' });
    const hash = await hashOf('{ top }');
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
    const given = [];
    for (const body of [{ extensions }, { query: '{ top }', extensions }, { extensions }]) {
      given.push(beside((await ask(body)).headers));
    }
    expect(given).toEqual([{}, { 'x-a': '1' }, { 'x-a': '1' }]);
  });

  test('a batch has those of all its operations, in its order', async () => {
    const { ask } = await start(all({ op: 'propagate', named: 'x-from', algorithm: 'append' }), {
      batching: { enabled: true },
    });
    const productsEnded = products.nextRequest().then(({ ended }) => ended);
    accounts.answer = {
      headers: { 'x-from': 'accounts' },
      body: '{"data":{"users":"Ann"}}',
      after: productsEnded,
    };
    products.answer = { headers: { 'x-from': 'products' }, body: '{"data":{"top":"Tea"}}' };
    const batch = [{ query: '{ users }' }, { query: '{ nothing }' }, { query: '{ top }' }];
    expect(beside((await ask(batch)).headers)).toEqual({ 'x-from': 'accounts, products' });
  });

  test('headers of the gateway take precedence', async () => {
    const { ask } = await start(all({ op: 'propagate', matching: 'x-cost-.*' }), {
      demand_control: { response_headers: true },
    });
    products.answer = answerOf({ top: 'Tea' }, { 'x-cost-estimated': '999', 'x-cost-other': '1' });
    const given = beside((await ask({ query: '{ top }' })).headers);
    expect([given['x-cost-estimated'] === '999', given['x-cost-other']]).toEqual([false, '1']);
  });
});

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Buffer.from(digest).toString('hex');
}

describe('response headers: answers that are shared', () => {
  let gateway: GatewayUnderTest;

  const rules = (named: string) => ({ all: { response: [{ op: 'propagate', named }] } });

  async function start(named: string, traffic_shaping: unknown): Promise<void> {
    gateway = await startGateway({
      subgraphs: [products],
      settings: { engine: 'compiled', headers: rules(named), traffic_shaping },
    });
    // plans are there before two ask for one at a time
    products.answer = { body: '{"data":{"top":"Tea"}}' };
    await gateway.ask({ query: '{ top }' });
    await gateway.ask({ query: '{ last: top }' });
  }

  afterEach(async () => {
    products.answer = undefined;
    await gateway.stop();
  });

  /**
   * Two equal requests over one connection, and another behind them: when the subgraph has that, the gateway has both. Each
   * answer of the subgraph is another.
   */
  async function askTwice(): Promise<{ asked: number; values: readonly (string | undefined)[] }> {
    let asked = 0;
    let letAnswer: () => void = () => {};
    const allCame = new Promise<void>((resolve) => {
      letAnswer = resolve;
    });
    void products.nextRequest().then(function untilLast({ query }): void {
      if (query.includes('last')) letAnswer();
      else void products.nextRequest().then(untilLast);
    });
    products.answer = async (response) => {
      asked += 1;
      const id = asked;
      await allCame;
      response.writeHead(200, { ...json, 'x-a': '1', 'set-cookie': `session=${id}` });
      response.end('{"data":{"top":"Tea","last":"Tea"}}');
    };
    const request = (query: string, connection: string): string => {
      const body = JSON.stringify({ query });
      return `POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    const equal = request('{ top }', 'keep-alive');
    const text = equal + equal + request('{ last: top }', 'close');
    const received = await receive(gateway.port, text);
    const values = received
      .split('HTTP/1.1 200 OK')
      .slice(1, 3)
      .map((answer) => /^(?:x-a|set-cookie): (.*)$/im.exec(answer)?.[1]);
    return { asked, values };
  }

  test.each([
    ['calls and executions', {}],
    ['whole requests', { inbound: { deduplicate_query: true }, all: { deduplicate_query: false } }],
  ])('%s: each client gets the headers', async (_what, traffic_shaping) => {
    await start('x-a', traffic_shaping);
    expect(await askTwice()).toEqual({ asked: 2, values: ['1', '1'] });
  });

  test('calls and executions: a cookie is for one client, and each has a call of its own', async () => {
    await start('set-cookie', {});
    expect(await askTwice()).toEqual({ asked: 3, values: ['session=1', 'session=2'] });
  });

  test('whole requests: a cookie is for one client, and the other is answered anew', async () => {
    await start('set-cookie', { inbound: { deduplicate_query: true }, all: { deduplicate_query: false } });
    expect(await askTwice()).toEqual({ asked: 3, values: ['session=1', 'session=3'] });
  });
});

async function receive(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
