import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildSchema, graphqlSync } from 'graphql';
import { pino } from 'pino';
import { GatewayError } from '../../gateway/errors.ts';
import { ConfiguredSupergraph } from '../../gateway/supergraph/configuredSupergraph.ts';
import { followNobody } from '../../gateway/supergraph/discoveries.ts';
import type { Supergraph } from '../../gateway/supergraph/supergraph.ts';
import { type SdlServer, startSdlServer } from '../support/sdlServer.ts';

const USERS = 'type Query { me: String }';
const REVIEWS = 'type Query { reviewCount: Int }';

/** A source under test with what it told: supergraphs it handed over, and lines it logged. */
interface Started {
  readonly source: ConfiguredSupergraph;
  readonly served: Supergraph[];
  readonly lines: { readonly level: number; readonly msg: string }[];
  /** Waits until what was told so far fulfils the condition. */
  until(condition: () => boolean): Promise<void>;
}

let folder: string;
let servers: SdlServer[];
let sources: ConfiguredSupergraph[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-supergraph-'));
  servers = [];
  sources = [];
});
afterEach(async () => {
  await Promise.all(sources.map((source) => source.stop()));
  await Promise.all(servers.map((server) => server.close()));
  await rm(folder, { recursive: true });
});

function source(
  options: { refuse?: (supergraph: Supergraph) => boolean; pollIntervalMs?: number } = {},
): Started {
  const served: Supergraph[] = [];
  const lines: { level: number; msg: string }[] = [];
  const waiters = new Set<() => void>();
  const told = (): void => {
    for (const waiter of waiters) waiter();
  };
  const log = pino(
    { level: 'debug' },
    {
      write: (line: string) => {
        lines.push(JSON.parse(line));
        told();
      },
    },
  );
  const configured = new ConfiguredSupergraph({
    configPath: path.join(folder, 'supergraph.yaml'),
    env: {},
    accept: async (supergraph) => {
      if (options.refuse?.(supergraph))
        throw new GatewayError('SUPERGRAPH_INVALID', { message: 'no engine for it' });
      served.push(supergraph);
      told();
    },
    log,
    cacheFolder: path.join(folder, 'cache'),
    pollIntervalMs: options.pollIntervalMs ?? 20,
    pollTimeoutMs: 2_000,
    maxSchemaBytes: 100_000,
    compositionTimeoutMs: 30_000,
    follow: followNobody,
    showHints: false,
  });
  sources.push(configured);
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const waiter = (): void => {
        if (!condition()) return;
        waiters.delete(waiter);
        resolve();
      };
      waiters.add(waiter);
      waiter();
    });
  return { source: configured, served, lines, until };
}

async function server(sdl: string): Promise<SdlServer> {
  const started = await startSdlServer(sdl);
  servers.push(started);
  return started;
}

const config = (subgraphs: Record<string, string>): Promise<void> =>
  writeFile(
    path.join(folder, 'supergraph.yaml'),
    `subgraphs:\n${Object.entries(subgraphs)
      .map(
        ([name, schema]) =>
          `  ${name}:\n    routing_url: http://${name}.test/graphql\n    schema: ${schema}\n`,
      )
      .join('')}`,
  );
const polled = ({ url }: { url: string }): string => `{ subgraph_url: "${url}" }`;
const inline = (sdl: string): string => `{ sdl: ${JSON.stringify(sdl)} }`;
const file = (name: string): string => `{ file: ./${name} }`;
const write = (name: string, text: string): Promise<void> => writeFile(path.join(folder, name), text);
const saysSomewhere = ({ lines }: Started, words: string): boolean =>
  lines.some(({ msg }) => msg.includes(words));

describe('supergraph: from supergraph.yaml', () => {
  test('composes files, running subgraphs and inline SDL into one supergraph', async () => {
    await write('users.graphql', USERS);
    const reviews = await server(REVIEWS);
    await config({
      users: file('users.graphql'),
      reviews: polled(reviews),
      more: inline('type Query { more: Int }'),
    });
    const started = source();
    await started.source.start();

    expect(started.served).toHaveLength(1);
    for (const field of ['me', 'reviewCount', 'more'])
      expect(started.served[0]?.sdl).toContain(`  ${field}: `);
    expect(started.source.waitingFor()).toEqual([]);
  });

  test('sends introspection headers to the subgraph that asks for them', async () => {
    const reviews = await server(REVIEWS);
    await config({
      reviews: `{ subgraph_url: "${reviews.url}", introspection_headers: { Authorization: "Bearer k" } }`,
    });
    await source().source.start();

    expect(reviews.requests[0]?.headers).toMatchObject({ authorization: 'Bearer k' });
  });

  test('reads a server without `_service` by standard introspection', async () => {
    const plain = await server('');
    const schema = buildSchema('type Query { plain: Int }');
    plain.answer = (query) => JSON.stringify(graphqlSync({ schema, source: query }));
    await config({ plain: polled(plain), users: inline(USERS) });
    const started = source();
    await started.source.start();

    expect(started.served[0]?.sdl).toContain('plain: Int');
  });

  test.each([
    ['no JSON', '<html>', 'HTTP 502 with a body that is not JSON'],
    ['no GraphQL', '{"ok":true}', 'HTTP 502 with a body that is not a GraphQL response'],
    ['an error', '{"errors":[{"message":"forbidden"}]}', 'forbidden'],
    ['no SDL', '{"data":{}}', 'the answer holds no `data._service.sdl`'],
  ])('says of a subgraph that answers %s what it answered', async (_what, body, words) => {
    const broken = await server('');
    broken.answer = { status: 502, body };
    await config({ broken: polled(broken) });
    const started = source();
    await started.source.start();

    expect(started.source.waitingFor()).toEqual([
      { subgraph: 'broken', reason: `Subgraph "broken" did not give its schema at ${broken.url}: ${words}` },
    ]);
  });

  describe('follows changes', () => {
    test('of a schema file', async () => {
      await write('users.graphql', USERS);
      await config({ users: file('users.graphql') });
      const started = source({ pollIntervalMs: 60_000 });
      await started.source.start();
      await write('users.graphql', 'type Query { me: String, you: String }');
      await started.until(() => started.served.length === 2);

      expect(started.served[1]?.sdl).toContain('you: String');
    });

    test('of the SDL of a polled subgraph', async () => {
      const reviews = await server(REVIEWS);
      await config({ reviews: polled(reviews) });
      const started = source();
      await started.source.start();
      reviews.answer = 'type Query { reviewCount: Int, newest: Int }';
      await started.until(() => started.served.length === 2);

      expect(started.served[1]?.sdl).toContain('newest: Int');
    });

    test('of supergraph.yaml: a subgraph more', async () => {
      await config({ users: inline(USERS) });
      const started = source({ pollIntervalMs: 60_000 });
      await started.source.start();
      await config({ users: inline(USERS), reviews: inline(REVIEWS) });
      await started.until(() => started.served.length === 2);

      expect(started.served[1]?.sdl).toContain('reviewCount: Int');
    });

    test('of a file that supergraph.yaml expands', async () => {
      await write('sdl.txt', USERS);
      await config({ users: `{ sdl: "\${file.sdl.txt}" }` });
      const started = source({ pollIntervalMs: 60_000 });
      await started.source.start();
      await write('sdl.txt', 'type Query { you: String }');
      await started.until(() => started.served.length === 2);

      expect(started.served[1]?.sdl).toContain('you: String');
    });

    test('of two subgraphs at once with one supergraph at the end, whatever the order', async () => {
      const [users, reviews] = [await server(USERS), await server(REVIEWS)];
      await config({ users: polled(users), reviews: polled(reviews) });
      const started = source();
      await started.source.start();
      users.answer = 'type Query { me: String, a: Int }';
      reviews.answer = 'type Query { reviewCount: Int, b: Int }';
      const last = (): string => started.served.at(-1)?.sdl ?? '';
      await started.until(() => last().includes('  a: Int') && last().includes('  b: Int'));

      expect(started.source.waitingFor()).toEqual([]);
    });
  });

  describe('refuses, and goes on with the one before', () => {
    test('a change that does not compose, naming subgraph, line and column', async () => {
      await write('users.graphql', USERS);
      await config({ users: file('users.graphql') });
      const started = source();
      await started.source.start();
      await write('users.graphql', 'type Query { me: Nowhere }');
      await started.until(() => saysSomewhere(started, 'users:1:18'));
      await write('users.graphql', 'type Query { mended: String }');
      await started.until(() => started.served.length === 2);

      expect(started.served[1]?.sdl).toContain('mended: String');
    });

    test('a supergraph.yaml that cannot be read', async () => {
      await config({ users: inline(USERS) });
      const started = source();
      await started.source.start();
      await write('supergraph.yaml', 'subgraphs: [');
      await started.until(() => saysSomewhere(started, 'Could not parse supergraph config'));
      await config({ users: inline('type Query { mended: String }') });
      await started.until(() => started.served.length === 2);

      expect(started.served).toHaveLength(2);
    });

    test('a supergraph that no engine can be built of', async () => {
      await write('users.graphql', USERS);
      await config({ users: file('users.graphql') });
      const started = source({ refuse: ({ sdl }) => sdl.includes('bad') });
      await started.source.start();
      await write('users.graphql', 'type Query { bad: Int }');
      await started.until(() => saysSomewhere(started, 'no engine for it'));

      expect(started.served).toHaveLength(1);
    });

    test('a subgraph that goes down: its last schema is kept', async () => {
      const [users, reviews] = [await server(USERS), await server(REVIEWS)];
      await config({ users: polled(users), reviews: polled(reviews) });
      const started = source();
      await started.source.start();
      await reviews.close();
      await started.until(() => saysSomewhere(started, 'Subgraph "reviews" did not give its schema'));
      users.answer = 'type Query { me: String, more: Int }';
      await started.until(() => started.served.length === 2);

      expect(started.served[1]?.sdl).toContain('reviewCount: Int');
      expect(started.source.waitingFor()).toEqual([]);
    });
  });

  describe('starts', () => {
    test.each([
      ['without supergraph.yaml', undefined, 'SUPERGRAPH_CONFIG_INVALID'],
      ['with one that is no YAML', 'subgraphs: [', 'SUPERGRAPH_CONFIG_INVALID'],
      [
        'with schemas that do not compose',
        `subgraphs: { a: { routing_url: http://a.test, schema: { sdl: "type Query { a: B }" } } }`,
        'COMPOSITION_FAILED',
      ],
    ])('not %s', async (_what, text, code) => {
      if (text !== undefined) await write('supergraph.yaml', text);

      await expect(source().source.start()).rejects.toMatchObject({ code });
    });

    test('waiting for a subgraph that is down, and serves when it comes up', async () => {
      const reviews = await server(REVIEWS);
      const port = Number(new URL(reviews.url).port);
      await reviews.close();
      await config({ users: inline(USERS), reviews: polled(reviews) });
      const started = source();
      await started.source.start();
      expect(started.served).toEqual([]);
      expect(started.source.waitingFor()).toEqual([
        { subgraph: 'reviews', reason: expect.stringContaining('ECONNREFUSED') },
      ]);
      servers.push(await startSdlServer(REVIEWS, port));
      await started.until(() => started.served.length === 1);

      expect(started.source.waitingFor()).toEqual([]);
    });

    test('again without composing when nothing has changed', async () => {
      await config({ users: inline(USERS) });
      const first = source();
      await first.source.start();
      await first.source.stop();
      const second = source();
      await second.source.start();

      expect(saysSomewhere(first, 'supergraph composed')).toBe(true);
      expect(saysSomewhere(second, 'supergraph composed')).toBe(false);
      expect(second.served).toEqual(first.served);
    });

    test('again with the last good supergraph when the schemas no longer compose', async () => {
      await config({ users: inline(USERS) });
      const first = source();
      await first.source.start();
      await first.source.stop();
      await config({ users: inline('type Query { me: Nowhere }') });
      const second = source();
      await second.source.start();

      expect(second.served).toEqual(first.served);
      expect(saysSomewhere(second, 'users:1:18')).toBe(true);
      expect(saysSomewhere(second, 'the last good supergraph is served instead')).toBe(true);
    });

    test('not with the last good supergraph when that is refused too, and does not say that it is served', async () => {
      await config({ users: inline(USERS) });
      const first = source();
      await first.source.start();
      await first.source.stop();
      const second = source({ refuse: () => true });

      await expect(second.source.start()).rejects.toMatchObject({ message: 'no engine for it' });
      expect(saysSomewhere(second, 'is served')).toBe(false);
    });

    test('again with the schema that a subgraph had before it went down', async () => {
      const reviews = await server(REVIEWS);
      await config({ users: inline(USERS), reviews: `{ subgraph_url: "${reviews.url}" }` });
      const first = source();
      await first.source.start();
      await first.source.stop();
      await reviews.close();
      await config({ users: inline('type Query { me: String, more: Int }'), reviews: polled(reviews) });
      const second = source();
      await second.source.start();

      expect(second.served[0]?.sdl).toContain('more: Int');
      expect(second.served[0]?.sdl).toContain('reviewCount: Int');
      expect(second.source.waitingFor()).toEqual([]);
    });

    test('again with the last good supergraph while a new subgraph is waited for', async () => {
      await config({ users: inline(USERS) });
      const first = source();
      await first.source.start();
      await first.source.stop();
      const reviews = await server(REVIEWS);
      const port = Number(new URL(reviews.url).port);
      await reviews.close();
      await config({ users: inline(USERS), reviews: polled(reviews) });
      const second = source();
      await second.source.start();
      expect(second.served).toEqual(first.served);
      expect(second.source.waitingFor()).toHaveLength(1);
      servers.push(await startSdlServer(REVIEWS, port));
      await second.until(() => second.served.length === 2);

      expect(second.served[1]?.sdl).toContain('reviewCount: Int');
    });

    test('and serves when its cache folder cannot be written', async () => {
      await write('cache', 'a file where the folder should be');
      await config({ users: inline(USERS) });
      const started = source();
      await started.source.start();

      expect(started.served).toHaveLength(1);
      expect(saysSomewhere(started, 'could not write to')).toBe(true);
    });
  });

  test('keeps its records in the cache folder only', async () => {
    await config({ users: inline(USERS) });
    const started = source();
    await started.source.start();

    expect((await readdir(folder)).sort()).toEqual(['cache', 'supergraph.yaml']);
    expect((await readdir(path.join(folder, 'cache'))).sort()).toEqual(['compositions', 'last-good']);
  });

  test('refuses a schema file over the size limit', async () => {
    await mkdir(path.join(folder, 'schemas'));
    await write('schemas/users.graphql', `${USERS}\n#${'x'.repeat(100_000)}`);
    await config({ users: file('schemas/users.graphql') });
    const started = source();
    await started.source.start();

    expect(started.source.waitingFor()[0]?.reason).toContain('100000 are allowed');
  });
});
