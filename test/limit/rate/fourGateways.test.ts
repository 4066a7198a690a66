import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { folder, removeFolder, startCommand, writeFile } from '../../commands/commandHarness.ts';
import { freePorts } from '../../support/freePorts.ts';
import { hasRedis, startRedis, type TestRedis } from '../../support/redis.ts';
import { supergraphOf } from '../../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../../support/stubSubgraph.ts';

const describeOverRedis = hasRedis() ? describe : describe.skip;

/** Of one user, who comes by four gateways at once. */
const BUDGET = 300;

describeOverRedis('rate: four gateways and one Redis', () => {
  let redis: TestRedis;
  let subgraph: StubSubgraph;
  let ports: number[];
  const gateways: ChildProcess[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    subgraph = await startStubSubgraph(
      'products',
      `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@listSize"])
      type Query { products(first: Int!): [Product] @listSize(slicingArguments: ["first"]) }
      type Product { name: String }`,
      {
        Query: {
          // half of what is asked for is there, so that half is given back
          products: (_root, { first }: { first?: number }) =>
            Array.from({ length: Math.floor((first ?? 0) / 2) }, () => ({ name: 'Tea' })),
        },
      },
    );
    writeFile('supergraph.graphql', supergraphOf([subgraph]));
    writeFile(
      'gateway.yaml',
      JSON.stringify({
        demand_control: { response_extension: true },
        // on a busy machine an answer may be late, and then a gateway would count alone
        redis: { timeout_ms: 10_000 },
        rate_limit: {
          store_failure: 'fail_closed',
          budgets: [{ by: 'client', points: BUDGET, per_seconds: 86_400 * 365 }],
        },
      }),
    );
    ports = await freePorts(4);
    await Promise.all(
      ports.map(async (port) => {
        const gateway = startCommand(
          ['serve', '--supergraph', `${folder}/supergraph.graphql`],
          { PORT: String(port), REDIS_URL: redis.url, LOG_LEVEL: 'info', LOG_FORMAT: 'json' },
          ['ignore', 'ignore', 'pipe'],
        );
        gateways.push(gateway);
        const lines = { text: '' };
        await new Promise<void>((resolve, reject) => {
          gateway.stderr?.setEncoding('utf8').on('data', (text: string) => {
            lines.text += text;
            if (lines.text.includes('GraphQL at') && lines.text.includes('Redis is connected')) resolve();
          });
          gateway.once('exit', () => reject(new Error(lines.text)));
        });
      }),
    );
  }, 60_000);

  afterAll(async () => {
    await Promise.all(
      gateways.map(async (gateway) => {
        gateway.removeAllListeners('exit');
        if (gateway.exitCode !== null) return;
        gateway.kill('SIGTERM');
        await once(gateway, 'exit');
      }),
    );
    await subgraph?.close();
    await redis?.stop();
    removeFolder();
  });

  async function spend(port: number, first: number): Promise<{ status: number; actual: number }> {
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'apollographql-client-name': 'shop' },
      body: JSON.stringify({
        query: 'query($n: Int!) { products(first: $n) { name } }',
        variables: { n: first },
      }),
    });
    const { extensions } = (await response.json()) as { extensions: { cost?: { actual: number } } };
    return { status: response.status, actual: extensions.cost?.actual ?? 0 };
  }

  test('admit the budget of a client together, to the point', async () => {
    let spent = 0;
    const statuses = new Set<number>();
    const spendAll = async (port: number): Promise<void> => {
      for (let refused = 0; refused < 3; ) {
        const { status, actual } = await spend(port, 8);
        statuses.add(status);
        spent += actual;
        if (status === 429) refused += 1;
      }
    };
    // each asks for 8 and is given 4; what the last ones were refused for is still to be had by single points
    await Promise.all(ports.flatMap((port) => [spendAll(port), spendAll(port)]));
    for (let isLeft = true; isLeft; ) {
      const results = await Promise.all(ports.map((port) => spend(port, 2)));
      for (const { status, actual } of results) {
        statuses.add(status);
        spent += actual;
      }
      isLeft = results.some(({ status }) => status === 200);
    }
    // an operation is charged 2 before it is given 1, so the last point is one too few
    expect([...statuses].sort()).toEqual([200, 429]);
    expect([BUDGET, BUDGET - 1]).toContain(spent);
    const [port = 0] = ports;
    const last = await spend(port, 1);
    // `first: 1` gives nothing and costs the least there is, 1
    expect(last.status).toBe(spent === BUDGET ? 429 : 200);
    expect((await spend(port, 1)).status).toBe(429);
  }, 60_000);
});
