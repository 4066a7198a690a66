import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fanOut, sharedSdl } from '../support/costlyOperation.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

let subgraph: StubSubgraph;
let gateway: GatewayUnderTest | undefined;
beforeEach(async () => {
  subgraph = await startStubSubgraph('greeter', 'type Query { hello: String }');
});
afterEach(async () => {
  await gateway?.stop();
  await subgraph.close();
  gateway = undefined;
});

async function start(settings: Readonly<Record<string, unknown>>): Promise<GatewayUnderTest> {
  gateway = await startGateway({
    subgraphs: [subgraph],
    settings: { engine: 'compiled', traffic_shaping: { all: { deduplicate_query: false } }, ...settings },
  });
  return gateway;
}

const query = { query: '{ hello }' };
const refusal = {
  errors: [{ message: 'The gateway is overloaded.', extensions: { code: 'REQUEST_CONCURRENCY_LIMITED' } }],
};

/** Requests that the subgraph holds, until the returned function is called. */
async function holding(count: number): Promise<() => Promise<unknown[]>> {
  let answer = (): void => {};
  subgraph.answer = {
    body: '{"data":{"hello":"at last"}}',
    after: new Promise<void>((resolve) => {
      answer = resolve;
    }),
  };
  const answers: Promise<unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    const asked = subgraph.nextRequest();
    answers.push(gateway?.answerTo(query) ?? Promise.reject(new Error('no gateway')));
    await asked;
  }
  return () => {
    answer();
    return Promise.all(answers);
  };
}

const health = async (path: string): Promise<unknown> => {
  const response = await fetch(`${gateway?.url}${path}`);
  return [response.status, await response.json()];
};

async function untilReady(): Promise<void> {
  while ((await fetch(`${gateway?.url}/health/ready`)).status !== 200);
}

describe('overload: requests in flight', () => {
  test('beyond the limit are refused at once, and those before are answered', async () => {
    const { ask, answerTo } = await start({ overload: { max_concurrent_requests: 2 } });
    const answer = await holding(2);
    const startedAt = performance.now();
    const response = await ask(query);
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      503,
      '1',
      refusal,
    ]);
    // a bound of the specification of this gateway, with room for a busy machine
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(await answer()).toEqual([{ data: { hello: 'at last' } }, { data: { hello: 'at last' } }]);
    expect(await answerTo(query)).toEqual({ data: { hello: 'at last' } });
  });

  test('count until their client has gone', async () => {
    const { port, ask } = await start({ overload: { max_concurrent_requests: 1 } });
    subgraph.answer = () => {};
    const asked = subgraph.nextRequest();
    const body = JSON.stringify(query);
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await asked;
    expect((await ask(query)).status).toBe(503);
    socket.destroy();
    await (await asked).ended;
    subgraph.answer = { body: '{"data":{"hello":"again"}}' };
    expect(await (await ask(query)).json()).toEqual({ data: { hello: 'again' } });
  });

  test('are not counted twice when a client is refused for its credentials', async () => {
    const { ask } = await start({
      overload: { max_concurrent_requests: 1 },
      authentication: { require_authentication: true },
    });
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await ask(query)).status);
    expect(statuses).toEqual([401, 401, 401]);
  });
});

describe('overload: readiness', () => {
  test('ends with more rejections than are allowed in a while, and comes back; the process stays alive', async () => {
    const { ask } = await start({
      overload: { max_concurrent_requests: 1, allowed_rejections: 2, sampling_ms: 60_000, unready_ms: 500 },
    });
    const answer = await holding(1);
    const states: unknown[] = [];
    for (let count = 0; count < 3; count += 1) {
      expect((await ask(query)).status).toBe(503);
      states.push(await health('/health/ready'));
    }
    expect(states).toEqual([
      [200, { status: 'UP' }],
      [200, { status: 'UP' }],
      [503, { status: 'DOWN', overloaded: 'requests' }],
    ]);
    expect(await health('/health/live')).toEqual([200, { status: 'UP' }]);
    await answer();
    await untilReady();
  });
});

describe('overload: planning', () => {
  test('that has too long a queue makes the process unready, too', async () => {
    gateway = await startGateway({
      subgraphs: ['a', 'b', 'c', 'd'].map((name) => ({ name, url: subgraph.url, sdl: sharedSdl })),
      settings: {
        engine: 'compiled',
        query_planning: { max_queue: 1 },
        limits: { max_expanded_selections: 1_000_000_000 },
        overload: { allowed_rejections: 0, unready_ms: 60_000 },
      },
    });
    const { ask } = gateway;
    // each takes longer to be planned than it may
    const answers = await Promise.all(
      [1, 2, 3, 4].map((number) => ask({ query: `${fanOut(16)} # ${number}` })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 503]));
    expect(await health('/health/ready')).toEqual([503, { status: 'DOWN', overloaded: 'planning' }]);
  });
});

describe('overload: clients that do not read', () => {
  const LARGE = 'x'.repeat(4_000_000);
  const body = JSON.stringify(query);
  const request = `POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  function connected(): Socket {
    const socket = connect(gateway?.port ?? 0, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    return socket;
  }

  test('lose their connection after write_timeout_ms, and what they held is given up', async () => {
    const { answerTo } = await start({
      limits: { write_timeout_ms: 500 },
      overload: { max_concurrent_requests: 6 },
    });
    subgraph.answer = { body: `{"data":{"hello":"${LARGE}"}}` };
    const socket = connected().pause();
    const closed = once(socket, 'close');
    socket.write(request.repeat(6));
    while (subgraph.requests.length < 6) await subgraph.nextRequest();
    // all places are taken, until that connection is closed
    while (((await answerTo({ query: '{ __typename }' })) as { data?: unknown }).data === undefined);
    socket.resume();
    await closed;
    // as text: a difference of megabytes takes minutes to print
    expect(JSON.stringify(await answerTo(query)).slice(0, 100)).toBe(
      `{"data":{"hello":"${LARGE}`.slice(0, 100),
    );
  });

  test('are not those that read slowly', async () => {
    await start({ limits: { write_timeout_ms: 300 } });
    subgraph.answer = { body: `{"data":{"hello":"${LARGE}"}}` };
    const socket = connected();
    socket.write(request.replace('host: a', 'host: a\r\nconnection: close'));
    let bytes = 0;
    const startedAt = performance.now();
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      // eight parts, each well within the time, and together far beyond it
      socket.pause();
      const resumeAt = startedAt + Math.floor(bytes / 500_000) * 150;
      setTimeout(() => socket.resume(), Math.max(0, resumeAt - performance.now())).unref();
    });
    await once(socket, 'close');
    expect(bytes).toBeGreaterThan(LARGE.length);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });
});
