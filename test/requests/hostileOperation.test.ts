import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fanOut, sharedSdl } from '../support/costlyOperation.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

let subgraph: StubSubgraph;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  subgraph = await startStubSubgraph('a', sharedSdl, { Query: { t: () => ({ id: '1', x: 1 }) } });
  gateway = await startGateway({
    subgraphs: ['a', 'b', 'c', 'd'].map((name) => ({ name, url: subgraph.url, sdl: sharedSdl })),
    settings: {
      engine: 'compiled',
      query_planning: { timeout_ms: 500 },
      // it would be refused before it is planned
      limits: { max_expanded_selections: 1_000_000_000 },
    },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await subgraph?.close();
});

/** The longest that the event loop of the gateway, which runs in this process, was kept while one is planned. */
async function delayWhilePlanning(attempt: number): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const refused = await gateway.answerTo({ query: `${fanOut(16)} # ${attempt}` });
  delay.disable();
  expect(refused).toMatchObject({ errors: [{ extensions: { code: 'OPERATION_TOO_COMPLEX' } }] });
  return delay.max / 1e6;
}

describe('requests: an operation that is valid, short, and too complex', () => {
  test('keeps other requests waiting for less than 50 ms while it is planned', async () => {
    // other programs on this machine add to a delay, and take nothing from it: the least of some is the gateway's own
    let least = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 10 && least >= 50; attempt += 1) {
      least = Math.min(least, await delayWhilePlanning(attempt));
    }
    expect(least).toBeLessThan(50);
  });

  test('lets requests with a plan pass meanwhile', async () => {
    const query = '{ t { x } }';
    await gateway.answerTo({ query });
    let isRefused = false;
    const refused = gateway.answerTo({ query: `${fanOut(16)} # meanwhile` }).then(() => {
      isRefused = true;
    });
    const answer = await gateway.answerTo({ query });
    expect([answer, isRefused]).toEqual([{ data: { t: { x: 1 } } }, false]);
    await refused;
  });

  test('costs no planner again when it is repeated', async () => {
    const query = `${fanOut(16)} # repeated`;
    const first = await gateway.answerTo({ query });
    const startedAt = performance.now();
    const second = await gateway.answerTo({ query });
    expect(second).toEqual(first);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
