import { afterEach, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

let subgraphs: StubSubgraph[] = [];
let gateway: GatewayUnderTest | undefined;

afterEach(async () => {
  await gateway?.stop();
  await Promise.all(subgraphs.map((subgraph) => subgraph.close()));
  subgraphs = [];
  gateway = undefined;
});

const SDL = 'type Query { hello: String }';

async function ready(): Promise<GatewayUnderTest> {
  const subgraph = await startStubSubgraph('greeter', SDL);
  subgraphs.push(subgraph);
  gateway = await startGateway({ subgraphs: [subgraph] });
  return gateway;
}

/** A gateway whose only subgraph answers 503 to everything. */
async function waiting(): Promise<GatewayUnderTest> {
  const subgraph = await startStubSubgraph('greeter', SDL);
  subgraph.answer = { status: 503, body: 'not yet' };
  subgraphs.push(subgraph);
  const config = { subgraphs: { greeter: { schema: { subgraph_url: subgraph.url } } } };
  gateway = await startGateway({ files: { 'supergraph.yaml': JSON.stringify(config) } });
  return gateway;
}

async function health(path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(`${gateway?.url}${path}`, init);
  const text = await response.text();
  return {
    status: response.status,
    cache: response.headers.get('cache-control'),
    body: text === '' ? '' : JSON.parse(text),
  };
}

// Source of the body: Apollo Router, `GET /health`.
describe('http: health', () => {
  test.each(['/health', '/health/ready', '/health/live'])(
    '%s is UP once a supergraph is in force',
    async (path) => {
      await ready();
      expect(await health(path)).toEqual({ status: 200, cache: 'no-store', body: { status: 'UP' } });
    },
  );

  test.each(['/health', '/health/ready', '/health/live'])(
    '%s answers HEAD with the status alone',
    async (path) => {
      await ready();
      expect(await health(path, { method: 'HEAD' })).toEqual({ status: 200, cache: 'no-store', body: '' });
    },
  );

  test.each(['/health', '/health/ready'])('%s is DOWN and names what it waits for', async (path) => {
    await waiting();
    expect(await health(path)).toEqual({
      status: 503,
      cache: 'no-store',
      body: {
        status: 'DOWN',
        waiting_for: [{ subgraph: 'greeter', reason: expect.stringContaining('HTTP 503') }],
      },
    });
  });

  test('/health/live is UP before the first supergraph', async () => {
    await waiting();
    expect(await health('/health/live')).toEqual({
      status: 200,
      cache: 'no-store',
      body: { status: 'UP' },
    });
  });

  test('GraphQL is a 503 that may be asked again before the first supergraph', async () => {
    const { ask } = await waiting();
    const response = await ask({ query: '{ hello }' });
    expect({
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: await response.json(),
    }).toEqual({
      status: 503,
      retryAfter: '1',
      body: {
        errors: [
          {
            message: 'The gateway has no supergraph yet.',
            extensions: { code: 'SUPERGRAPH_NOT_READY' },
          },
        ],
      },
    });
  });
});
