import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { supergraphOf } from '../support/runningGateway.ts';
import { killServing, removeFolder, type Serving, startServing, writeFile } from './commandHarness.ts';

/** 300 kB of JSON, which is a megabyte and more when it is parsed. */
const items = JSON.stringify({
  data: { items: Array.from({ length: 5_000 }, (_, id) => ({ id: `item ${id}`, name: `name of ${id}` })) },
});

/** Answers with many items at once, and to `held` when the test says so. */
const held: ServerResponse[] = [];
let isHolding = true;
const subgraph = createServer(async (incoming, response) => {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
  response.setHeader('content-type', 'application/json');
  if (!body.includes('held')) response.end(items);
  else if (isHolding) held.push(response);
  else response.end('{"data":{"held":1}}');
});

beforeAll(async () => {
  await once(subgraph.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/`;
  writeFile(
    'flood.graphql',
    supergraphOf([
      {
        name: 'items',
        url,
        sdl: 'type Query { items: [Item!]! } type Item { id: ID! name: String! }',
      },
      { name: 'held', url, sdl: 'type Query { held: Int }' },
    ]),
  );
});
afterAll(async () => {
  killServing();
  subgraph.closeAllConnections();
  await new Promise((resolve) => subgraph.close(resolve));
  removeFolder();
});

/** A gateway with a heap of 160 MB; 85 is the default of its limit. */
async function serve(maxHeapPercent = 85): Promise<Serving> {
  const settings = {
    engine: 'compiled',
    traffic_shaping: { all: { deduplicate_query: false, timeout_ms: 50_000, max_connections: 2_000 } },
    overload: { max_heap_percent: maxHeapPercent, max_event_loop_delay_ms: 60_000 },
  };
  const file = `flood-${maxHeapPercent}.yaml`;
  writeFile(file, JSON.stringify(settings));
  return startServing(['--port', '0', '--supergraph', 'flood.graphql', '--settings', file], {
    NODE_OPTIONS: '--max-old-space-size=160',
  });
}

/** The status of an answer; 0 when there was none. */
function ask({ port }: Serving, query: string): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request(
      {
        port,
        host: '127.0.0.1',
        path: '/graphql',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', () => resolve(0));
      },
    );
    outgoing.once('error', () => resolve(0));
    outgoing.end(JSON.stringify({ query }));
  });
}

/**
 * Requests whose answers wait with all of their items, ten at a time, until one is refused or the process has ended: then those
 * that wait are answered.
 */
async function flood(serving: Serving): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  const answers: Promise<unknown>[] = [];
  let taken = 0;
  isHolding = true;
  subgraph.on('request', () => {
    taken += 1;
  });
  while (statuses.size === 0) {
    const from = taken;
    for (let index = 0; index < 10; index += 1) {
      answers.push(ask(serving, '{ items { id name } held }').then((status) => statuses.add(status)));
    }
    while (taken < from + 20 && statuses.size === 0)
      await Promise.race([...answers.slice(-10), once(subgraph, 'request')]);
  }
  isHolding = false;
  for (const response of held.splice(0)) response.end('{"data":{"held":1}}');
  await Promise.all(answers);
  return statuses;
}

describe('tributary serve: a flood of requests that the heap cannot hold', () => {
  test('ends a process that takes them all', async () => {
    const serving = await serve(100);
    const statuses = await flood(serving);
    expect([...statuses]).toEqual([0]);
    const [code, signal] = await serving.ended;
    // V8 aborts: as a signal, or as the code of a shell
    expect([signal, code]).toContain(signal === null ? 134 : 'SIGABRT');
  }, 60_000);

  test('is refused in part by one that has a limit, which lives on and is ready again', async () => {
    const serving = await serve();
    expect([...(await flood(serving))].sort()).toEqual([200, 503]);
    while ((await ask(serving, '{ items { id } }')) !== 200);
    expect(serving.child.exitCode).toBeNull();
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toEqual([0, null]);
  }, 60_000);
});
