import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';
const started: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await (one.stop?.() ?? one.close?.());
});

async function subgraph(
  name: string,
  sdl: string,
  resolvers: Parameters<typeof startStubSubgraph>[2],
): Promise<StubSubgraph> {
  const stub = await startStubSubgraph(name, link + sdl, resolvers);
  started.push(stub);
  return stub;
}

async function gateway(options: Parameters<typeof startGateway>[0]): Promise<GatewayUnderTest> {
  const running = await startGateway(options);
  started.push(running);
  return running;
}

const config = (stubs: readonly StubSubgraph[]): string =>
  `subgraphs:\n${stubs.map(({ name, url }) => `  ${name}:\n    schema:\n      subgraph_url: ${url}\n`).join('')}`;

/** Waits until the gateway answers the query without errors: a swap has no event that a client could await. */
async function untilAnswered(running: GatewayUnderTest, query: string): Promise<unknown> {
  for (;;) {
    const answer = (await running.answerTo({ query })) as { data?: unknown; errors?: unknown };
    if (answer.errors === undefined) return answer.data;
  }
}

/** Waits for an operation among the reads of the schema. */
async function untilAsked(stub: StubSubgraph, field: string): Promise<void> {
  while (!(await stub.nextRequest()).query.includes(field));
}

const fast = { supergraph: { poll_interval_ms: 50 } };

describe('requests: hot swap', () => {
  test('a fifth subgraph is three lines in supergraph.yaml of a running gateway', async () => {
    const users = await subgraph('users', 'type Query { me: String }', { Query: { me: () => 'ada' } });
    const weather = await subgraph('weather', 'type Query { sky: String }', {
      Query: { sky: () => 'clear' },
    });
    const running = await gateway({ files: { 'supergraph.yaml': config([users]) }, settings: fast });
    await writeFile(path.join(running.folder, 'supergraph.yaml'), config([users, weather]));

    expect(await untilAnswered(running, '{ me sky }')).toEqual({ me: 'ada', sky: 'clear' });
  });

  test('a request in flight finishes on the engine that it started on', async () => {
    let answerSlowly: (value: string) => void = () => {};
    const slow = new Promise<string>((resolve) => {
      answerSlowly = resolve;
    });
    const users = await subgraph('users', 'type Query { old: String }', { Query: { old: () => slow } });
    const running = await gateway({ files: { 'supergraph.yaml': config([users]) }, settings: fast });
    const isAsked = untilAsked(users, 'old');
    const inFlight = running.answerTo({ query: '{ old }' });
    await isAsked;
    users.setSchema(`${link}type Query { fresh: String }`, { Query: { fresh: () => 'new' } });
    await untilAnswered(running, '{ fresh }');
    const refused = await running.answerTo({ query: '{ old }' });
    answerSlowly('answered by the old engine');

    expect(await inFlight).toEqual({ data: { old: 'answered by the old engine' } });
    expect(refused).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
  });

  test('no request fails while the graph is swapped again and again under load', async () => {
    const resolvers = {
      Query: { me: () => ({ id: '1' }) },
      User: { __resolveReference: (key: object) => key },
    };
    const users = await subgraph(
      'users',
      'type Query { me: User } type User @key(fields: "id") { id: ID! }',
      resolvers,
    );
    const sdl = (n: number): string => `type User @key(fields: "id") { id: ID! age: Int v${n}: Int }`;
    const ages = { User: { __resolveReference: (key: object) => key, age: () => 36 } };
    const extra = await subgraph('extra', sdl(0), ages);
    const running = await gateway({ files: { 'supergraph.yaml': config([users, extra]) }, settings: fast });

    let isLoaded = true;
    let answered = 0;
    const wrong: unknown[] = [];
    const load = Array.from({ length: 8 }, async () => {
      while (isLoaded) {
        const answer = await running.answerTo({ query: '{ me { id age } }' });
        answered += 1;
        if (JSON.stringify(answer) !== '{"data":{"me":{"id":"1","age":36}}}') wrong.push(answer);
      }
    });
    for (let n = 1; n <= 5; n += 1) {
      extra.setSchema(link + sdl(n), { User: { ...ages.User, [`v${n}`]: () => n } });
      expect(await untilAnswered(running, `{ me { v${n} } }`)).toEqual({ me: { [`v${n}`]: n } });
    }
    isLoaded = false;
    await Promise.all(load);

    expect(wrong).toEqual([]);
    expect(answered).toBeGreaterThan(50);
  }, 60_000);

  test('what does not compose is refused, and the graph before it goes on', async () => {
    const users = await subgraph('users', 'type Query { me: String }', { Query: { me: () => 'ada' } });
    const running = await gateway({ files: { 'supergraph.yaml': config([users]) }, settings: fast });
    users.answer = { body: JSON.stringify({ data: { _service: { sdl: 'type Query { me: Nowhere }' } } }) };
    await users.nextRequest();
    await users.nextRequest();
    users.answer = undefined;

    expect(await running.answerTo({ query: '{ me }' })).toEqual({ data: { me: 'ada' } });
  });

  test('before the first graph it says on /health/ready for whom it waits, and serves when that comes up', async () => {
    const users = await subgraph('users', 'type Query { me: String }', { Query: { me: () => 'ada' } });
    users.answer = { status: 503, body: 'starting' };
    const running = await gateway({ files: { 'supergraph.yaml': config([users]) }, settings: fast });
    const ready = await fetch(`${running.url}/health/ready`);
    const live = await fetch(`${running.url}/health/live`);
    const refused = await running.ask({ query: '{ me }' });

    expect([live.status, ready.status, await ready.json()]).toEqual([
      200,
      503,
      {
        status: 'DOWN',
        waiting_for: [
          {
            subgraph: 'users',
            reason: `Subgraph "users" did not give its schema at ${users.url}: HTTP 503 with a body that is not JSON`,
          },
        ],
      },
    ]);
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
      503,
      '1',
      {
        errors: [
          { message: 'The gateway has no supergraph yet.', extensions: { code: 'SUPERGRAPH_NOT_READY' } },
        ],
      },
    ]);

    users.answer = undefined;
    while ((await fetch(`${running.url}/health/ready`)).status !== 200);
    expect(await running.answerTo({ query: '{ me }' })).toEqual({ data: { me: 'ada' } });
  });
});
