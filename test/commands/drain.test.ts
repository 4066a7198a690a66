import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { supergraphOf } from '../support/runningGateway.ts';
import { killServing, removeFolder, type Serving, startServing, writeFile } from './commandHarness.ts';

/** Answers when the test says so. */
const held: ServerResponse[] = [];
const subgraph = createServer((incoming, response) => {
  incoming.resume();
  held.push(response);
  subgraph.emit('held');
});

beforeAll(async () => {
  await once(subgraph.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/`;
  writeFile('drain.graphql', supergraphOf([{ name: 'slow', url, sdl: 'type Query { slow: Int }' }]));
});
afterAll(async () => {
  killServing();
  subgraph.closeAllConnections();
  await new Promise((resolve) => subgraph.close(resolve));
  removeFolder();
});

async function serve(limits: Readonly<Record<string, number>> = {}): Promise<Serving> {
  const settings = { limits, traffic_shaping: { all: { deduplicate_query: false, timeout_ms: 100_000 } } };
  writeFile('drain.yaml', JSON.stringify(settings));
  return startServing(['--port', '0', '--supergraph', 'drain.graphql', '--settings', 'drain.yaml']);
}

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly text: string;
}

/** Over a connection of its own, which would be kept. */
function ask({ port }: Serving): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: '127.0.0.1',
        path: '/graphql',
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', connection: 'keep-alive' },
      },
      async (response: IncomingMessage) => {
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        resolve({ status: response.statusCode, connection: response.headers.connection, text: text.trim() });
      },
    );
    outgoing.once('error', reject);
    outgoing.end('{"query":"{ slow }"}');
  });
}

/** Requests in flight, all of them at the subgraph. */
async function inFlight(serving: Serving, count: number): Promise<Promise<Answer>[]> {
  const from = held.length;
  const answers = Array.from({ length: count }, () => ask(serving));
  for (const answer of answers) answer.catch(() => {});
  while (held.length < from + count) await once(subgraph, 'held');
  return answers;
}

async function connected({ port }: Serving): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const HEALTH = 'GET /health/ready HTTP/1.1\r\nhost: a\r\n\r\n';

describe('tributary serve: a drain', () => {
  test('answers all that is in flight, is not ready, takes no connection, and ends with 0', async () => {
    const serving = await serve();
    const answers = await inFlight(serving, 50);
    const before = await connected(serving);
    // its connection has been taken when a later one has been answered
    const idle = await connected(serving);
    idle.write(HEALTH);
    expect(String((await once(idle, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK/);

    serving.child.kill('SIGTERM');
    await serving.log.waitFor(/"msg":"draining"/);
    before.write(HEALTH);
    const [probe] = await once(before, 'data');
    expect(String(probe)).toMatch(/^HTTP\/1\.1 503 .*\r\nconnection: close\r\n/is);
    expect(String(probe)).toMatch(/\{"status":"DOWN","draining":\{"requests":50\}\}$/);
    const late = connect(serving.port, '127.0.0.1');
    expect(await once(late, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);

    for (const response of held.splice(0)) {
      response.setHeader('content-type', 'application/json').end('{"data":{"slow":1}}');
    }
    expect(new Set((await Promise.all(answers)).map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ status: 200, connection: 'close', text: '{"data":{"slow":1}}' })]),
    );
    expect(await serving.ended).toEqual([0, null]);
  }, 60_000);

  test('closes connections that are idle, and those over which nothing came, and ends at once', async () => {
    const serving = await serve();
    const [fresh, idle] = [await connected(serving), await connected(serving)];
    idle.write(HEALTH);
    await once(idle, 'data');
    const closed = [fresh, idle].map((socket) => once(socket.resume(), 'close'));
    const startedAt = performance.now();
    serving.child.kill('SIGTERM');
    await Promise.all(closed);
    expect(await serving.ended).toEqual([0, null]);
    // a second is what is promised; the drain would take thirty
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  }, 60_000);

  test('ends what is still in flight at drain_timeout_ms, and with 0 all the same', async () => {
    const serving = await serve({ drain_timeout_ms: 500 });
    const [answer] = await inFlight(serving, 1);
    serving.child.kill('SIGTERM');
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await serving.ended).toEqual([0, null]);
    expect(serving.log.text).toMatch(/requests were still in flight after 500 ms and are ended/);
    held.length = 0;
  }, 60_000);
});
