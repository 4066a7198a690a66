import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubRequest, type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/* What is answered once for several clients, and what must not be: told by what the subgraph was asked. */

let subgraph: StubSubgraph;
let calls: GatewayUnderTest;
let inbound: GatewayUnderTest;
let alone: GatewayUnderTest;

const headers = { all: { request: [{ propagate: { named: 'authorization' } }] } };

beforeAll(async () => {
  subgraph = await startStubSubgraph(
    'counter',
    'type Query { count(of: Int): Int } type Mutation { raise: Int }',
    { Query: { count: () => 1 }, Mutation: { raise: () => 2 } },
  );
  const start = (traffic_shaping: unknown): Promise<GatewayUnderTest> =>
    startGateway({ subgraphs: [subgraph], settings: { engine: 'compiled', headers, traffic_shaping } });
  [calls, inbound, alone] = await Promise.all([
    start({}),
    start({ inbound: { deduplicate_query: true }, all: { deduplicate_query: false } }),
    start({ all: { deduplicate_query: false } }),
  ]);
});

afterAll(async () => {
  await Promise.all([calls?.stop(), inbound?.stop(), alone?.stop()]);
  await subgraph?.close();
});

afterEach(() => {
  subgraph.answer = undefined;
});

interface Asked {
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks for the first while the subgraph keeps its answer back, then for the others, and lets it answer when all that they cause
 * has arrived: the end is a request for another field, which comes after all that were sent before it.
 */
async function askTogether(
  gateway: GatewayUnderTest,
  asked: readonly Asked[],
): Promise<{ answers: readonly string[]; sent: number }> {
  const before = subgraph.requests.length;
  let letAnswer = (): void => {};
  const after = new Promise<void>((resolve) => {
    letAnswer = resolve;
  });
  subgraph.answer = { headers: { 'content-type': 'application/json' }, body: '{"data":{"count":7}}', after };
  const arrived = (query: RegExp): Promise<StubRequest> =>
    new Promise((resolve) => {
      const next = (request: StubRequest): void => {
        if (query.test(request.query)) resolve(request);
        else void subgraph.nextRequest().then(next);
      };
      void subgraph.nextRequest().then(next);
    });
  const answers = asked.map(({ body, headers: sent }) =>
    gateway.ask(body, sent).then((response) => response.text()),
  );
  const last = arrived(/of: 999/);
  const end = gateway.answerTo({ query: '{ count(of: 999) }' });
  await last;
  letAnswer();
  const texts = await Promise.all(answers);
  await end;
  return { answers: texts, sent: subgraph.requests.length - before - 1 };
}

const query = { query: '{ count }' };
const equal: readonly Asked[] = [{ body: query }, { body: query }, { body: query }];

describe('calls in flight', () => {
  test('are shared by operations that are equal in all', async () => {
    expect(await askTogether(calls, equal)).toEqual({
      answers: Array(3).fill('{"data":{"count":7}}\n'),
      sent: 1,
    });
  });

  test('are shared by requests that differ in headers that are not sent on', async () => {
    const asked = [1, 2, 3].map((id) => ({ body: query, headers: { 'x-id': String(id) } }));
    expect((await askTogether(calls, asked)).sent).toBe(1);
  });

  test('are shared by operations whose texts differ, and whose calls do not', async () => {
    const asked = [
      { body: query },
      { body: { query: '{ n: count }' } },
      { body: { query: 'query A { count }' } },
    ];
    const { answers, sent } = await askTogether(calls, asked);
    expect([answers[2], sent]).toEqual(['{"data":{"count":7}}\n', 2]);
  });

  test.each<[string, Asked]>([
    ['credentials', { body: query, headers: { authorization: 'b' } }],
    ['variables', { body: { query: 'query ($n: Int) { count(of: $n) }', variables: { n: 1 } } }],
  ])('are not shared where %s differ', async (_what, other) => {
    const first = {
      ...other,
      body: other.headers ? query : { ...(other.body as object), variables: { n: 2 } },
    };
    const asked = [
      { ...first, headers: { authorization: 'a' } },
      { headers: { authorization: 'a' }, ...other },
    ];
    expect((await askTogether(calls, asked)).sent).toBe(2);
  });

  test('are not shared by mutations', async () => {
    const mutation = { body: { query: 'mutation { raise }' } };
    expect((await askTogether(calls, [mutation, mutation])).sent).toBe(2);
  });

  test('are not shared when the setting says so', async () => {
    expect((await askTogether(alone, equal)).sent).toBe(3);
  });
});

describe('requests in flight', () => {
  test('are answered once when they are equal in everything', async () => {
    expect(await askTogether(inbound, equal)).toEqual({
      answers: Array(3).fill('{"data":{"count":7}}\n'),
      sent: 1,
    });
  });

  test.each<[string, Asked]>([
    ['a header', { body: query, headers: { 'x-id': '1' } }],
    ['credentials', { body: query, headers: { authorization: 'b' } }],
    ['the body', { body: { query: '{ count }', operationName: null } }],
  ])('are answered each for itself where %s differs', async (_what, other) => {
    expect((await askTogether(inbound, [{ body: query }, other])).sent).toBe(2);
  });

  test('mutations are answered each for itself', async () => {
    const mutation = { body: { query: 'mutation { raise }' } };
    expect((await askTogether(inbound, [mutation, mutation])).sent).toBe(2);
  });

  test('go on when the first who asked leaves', async () => {
    let letAnswer = (): void => {};
    const after = new Promise<void>((resolve) => {
      letAnswer = resolve;
    });
    subgraph.answer = {
      headers: { 'content-type': 'application/json' },
      body: '{"data":{"count":7}}',
      after,
    };
    const leaving = new AbortController();
    const arrived = subgraph.nextRequest();
    const send = (signal?: AbortSignal): Promise<Response> =>
      fetch(`${inbound.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(query),
        ...(signal === undefined ? {} : { signal }),
      });
    const first = send(leaving.signal).catch((error: Error) => error.name);
    const { ended } = await arrived;
    const second = send();
    // a request on another path of the same server: the second has arrived when it is answered
    await fetch(`${inbound.url}/health/live`);
    leaving.abort();
    expect(await first).toBe('AbortError');
    await fetch(`${inbound.url}/health/live`);
    letAnswer();
    expect([await (await second).json(), await ended]).toEqual([{ data: { count: 7 } }, 'answered']);
  });
});
