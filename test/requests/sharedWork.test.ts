import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubRequest, type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/* What is answered once for several clients, and what must not be: told by what the subgraph was asked. */

let subgraph: StubSubgraph;
let calls: GatewayUnderTest;
let inbound: GatewayUnderTest;
let alone: GatewayUnderTest;
let aloneByName: GatewayUnderTest;

const headers = { all: { request: [{ propagate: { named: 'authorization' } }] } };

beforeAll(async () => {
  subgraph = await startStubSubgraph(
    'counter',
    'type Query { count(of: Int): Int } type Mutation { raise: Int }',
    { Query: { count: () => 1 }, Mutation: { raise: () => 2 } },
  );
  const start = (traffic_shaping: unknown): Promise<GatewayUnderTest> =>
    startGateway({ subgraphs: [subgraph], settings: { engine: 'compiled', headers, traffic_shaping } });
  [calls, inbound, alone, aloneByName] = await Promise.all([
    start({}),
    start({ inbound: { deduplicate_query: true }, all: { deduplicate_query: false } }),
    start({ all: { deduplicate_query: false } }),
    start({ subgraphs: { counter: { deduplicate_query: false } } }),
  ]);
});

afterAll(async () => {
  await Promise.all([calls?.stop(), inbound?.stop(), alone?.stop(), aloneByName?.stop()]);
  await subgraph?.close();
});

afterEach(() => {
  subgraph.answer = undefined;
});

let ends = 0;

interface Asked {
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends all of it, and at the end a request for another field, in one write over one connection: so it arrives in order. The
 * subgraph keeps its answers back until it has that last request, and with it all that was sent before.
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
  const untilLast = (request: StubRequest): void => {
    if (request.query.includes('of:999') || request.query.includes('of: 999')) letAnswer();
    else void subgraph.nextRequest().then(untilLast);
  };
  void subgraph.nextRequest().then(untilLast);

  const socket = connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  // a new text each time: it waits for its plan behind all that still wait for theirs
  ends += 1;
  const last = {
    body: { query: `{ end${ends}: count(of: 999) }` },
    headers: { connection: 'close' },
  };
  socket.write([...asked, last].map(httpRequest).join(''));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const answers =
    Buffer.concat(chunks)
      .toString('utf8')
      .match(/^\{.*\n/gm) ?? [];
  return { answers: answers.slice(0, -1), sent: subgraph.requests.length - before - 1 };
}

function httpRequest({ body, headers: more = {} }: Asked): string {
  const text = JSON.stringify(body);
  const lines = Object.entries({
    host: 'gateway',
    'content-type': 'application/json',
    'content-length': text.length,
    ...more,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /graphql HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
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

  test('are not shared when the setting of the subgraph says so', async () => {
    expect((await askTogether(aloneByName, equal)).sent).toBe(3);
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
