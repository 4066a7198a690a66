import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type ConsulServer, startConsulServer } from '../support/consulServer.ts';
import { type DnsServer, startDnsServer } from '../support/dnsServer.ts';
import { freePorts } from '../support/freePorts.ts';
import { type GraphInstance, helloSdl, startGraphInstance } from '../support/graphInstance.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';

const started: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await (one.stop?.() ?? one.close?.());
});

const track = <Server extends { close?(): Promise<void>; stop?(): Promise<void> }>(
  server: Server,
): Server => {
  started.push(server);
  return server;
};

const consulServer = async (): Promise<ConsulServer> => track(await startConsulServer());
const instanceCalled = async (name: string, port?: number): Promise<GraphInstance> =>
  track(await startGraphInstance(name, port));

interface Settings {
  readonly engine?: string;
  readonly discovery?: Record<string, unknown>;
  readonly cacheFolder?: string;
}

async function gatewayOf(
  url: string,
  { engine = 'compiled', discovery = {}, cacheFolder }: Settings,
): Promise<GatewayUnderTest> {
  const settings = {
    engine,
    discovery,
    // every request is a call of its own
    traffic_shaping: { all: { deduplicate_query: false } },
    ...(cacheFolder === undefined ? {} : { supergraph: { cache_dir: cacheFolder } }),
  };
  return track(await startGateway({ subgraphs: [{ name: 'reviews', url, sdl: helloSdl }], settings }));
}

function register(consul: ConsulServer, { name, port }: GraphInstance): void {
  consul.register({ ID: name, Name: 'reviews', Address: '127.0.0.1', Port: port });
}

/** Changes the registry, and waits until the gateway has read it: then it asks for what is newer. */
async function readAfter(consul: ConsulServer, change: () => void): Promise<void> {
  await consul.waiting();
  const asked = consul.nextRequest('/v1/health');
  change();
  await asked;
}

interface Answer {
  readonly data?: { readonly hello: string };
  readonly errors?: readonly { readonly message: string }[];
}

const ask = async (gateway: GatewayUnderTest): Promise<Answer> =>
  (await gateway.answerTo({ query: '{ hello }' })) as Answer;

/** Waits until the instance answers; its first request has no event that a client could await. */
async function untilAnsweredBy(gateway: GatewayUnderTest, { name }: GraphInstance): Promise<void> {
  while ((await ask(gateway)).data?.hello !== name);
}

interface Load {
  /** Resolves when what every client was asking has been answered, and what it asked next too. */
  turnedOver(): Promise<void>;
  end(): Promise<readonly Answer[]>;
}

/** Clients that ask one after another until they are told to end. */
function load(gateway: GatewayUnderTest, clients: number): Load {
  let isEnding = false;
  const answers: Answer[] = [];
  const counts = new Array<number>(clients).fill(0);
  const waiting = new Set<() => void>();
  const loops = counts.map(async (_count, client) => {
    while (!isEnding) {
      answers.push(await ask(gateway));
      counts[client] = (counts[client] ?? 0) + 1;
      for (const check of waiting) check();
    }
  });
  return {
    turnedOver() {
      const wanted = counts.map((count) => count + 2);
      return new Promise((resolve) => {
        const check = (): void => {
          if (!counts.every((count, client) => count >= (wanted[client] ?? 0))) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
      });
    },
    async end() {
      isEnding = true;
      await Promise.all(loops);
      return answers;
    },
  };
}

const failed = (answers: readonly Answer[]): readonly Answer[] =>
  answers.filter(({ data, errors }) => errors !== undefined || data?.hello === undefined);

describe('requests: instances that come and go', () => {
  test.each(['compiled', 'apollo'])('under load no request fails (engine %s)', async (engine) => {
    const consul = await consulServer();
    let current = await instanceCalled('first');
    register(consul, current);
    const gateway = await gatewayOf('consul://reviews', {
      engine,
      discovery: { consul: { address: consul.url } },
    });
    const clients = load(gateway, 8);
    for (const name of ['second', 'third', 'fourth', 'fifth']) {
      const next = await instanceCalled(name);
      await untilAnsweredBy(gateway, current);
      register(consul, next);
      await untilAnsweredBy(gateway, next);
      // in order: first out of the registry, then out of work, then away
      await readAfter(consul, () => consul.deregister(current.name));
      await clients.turnedOver();
      await current.close();
      current = next;
    }
    const answers = await clients.end();

    expect(failed(answers)).toEqual([]);
    expect(new Set(answers.map(({ data }) => data?.hello))).toEqual(
      new Set(['first', 'second', 'third', 'fourth', 'fifth']),
    );
  });

  test('one whose port is closed though it is listed costs no request, is ejected, and comes back', async () => {
    const consul = await consulServer();
    const [one, two] = [await instanceCalled('one'), await instanceCalled('two')];
    register(consul, one);
    register(consul, two);
    const gateway = await gatewayOf('consul://reviews', {
      discovery: { consul: { address: consul.url }, ejection: { base_ms: 20, max_ms: 20 } },
    });
    await untilAnsweredBy(gateway, two);
    const clients = load(gateway, 4);
    await two.close();
    for (let at = 0; at < 40; at += 1) await ask(gateway);
    const back = await instanceCalled('two', two.port);
    await untilAnsweredBy(gateway, back);
    const answers = await clients.end();

    expect(failed(answers)).toEqual([]);
    // it was found by a probe, and by no request of a client
    expect(JSON.parse(back.requests[0]?.body ?? '')).toEqual({ query: '{ __typename }' });
  });

  test('one that is taken out of the registry ends the request that it has', async () => {
    const consul = await consulServer();
    const [one, two] = [await instanceCalled('one'), await instanceCalled('two')];
    register(consul, one);
    const gateway = await gatewayOf('consul://reviews', { discovery: { consul: { address: consul.url } } });
    let release: () => void = () => {};
    one.after = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = ask(gateway);
    await one.nextRequest();
    await readAfter(consul, () => register(consul, two));
    await readAfter(consul, () => consul.deregister('one'));
    const next = await ask(gateway);
    release();
    expect([next, await slow]).toEqual([{ data: { hello: 'two' } }, { data: { hello: 'one' } }]);
  });

  test('those of the gateway’s own zone are asked', async () => {
    const consul = await consulServer();
    const [near, far] = [await instanceCalled('near'), await instanceCalled('far')];
    for (const { name, port } of [near, far]) {
      consul.register({ ID: name, Name: 'reviews', Address: '127.0.0.1', Port: port, Meta: { zone: name } });
    }
    const gateway = await gatewayOf('consul://reviews', {
      discovery: { zone: 'near', consul: { address: consul.url } },
    });
    for (let at = 0; at < 20; at += 1) await ask(gateway);
    expect([near.requests.length, far.requests.length]).toEqual([20, 0]);
  });
});

describe('requests: a registry that is away', () => {
  test('while the gateway runs leaves the last known instances in force, and is followed again', async () => {
    const consul = await consulServer();
    const [one, two] = [await instanceCalled('one'), await instanceCalled('two')];
    register(consul, one);
    const gateway = await gatewayOf('consul://reviews', { discovery: { consul: { address: consul.url } } });
    const failing = consul.nextRequest('/v1/health');
    consul.failure = { kind: 'status', status: 500, body: 'No cluster leader' };
    consul.cutWaiting();
    await failing;
    const during = await ask(gateway);
    consul.failure = undefined;
    consul.deregister('one');
    register(consul, two);
    await untilAnsweredBy(gateway, two);
    expect(during).toEqual({ data: { hello: 'one' } });
  });

  test('when the gateway starts leaves those in force that the process before knew', async () => {
    const cacheFolder = await mkdtemp(path.join(tmpdir(), 'tributary-instances-'));
    try {
      const consul = await startConsulServer();
      const one = await instanceCalled('one');
      register(consul, one);
      const discovery = { consul: { address: consul.url } };
      const before = await gatewayOf('consul://reviews', { discovery, cacheFolder });
      await ask(before);
      await before.stop();
      started.splice(started.indexOf(before), 1);
      await consul.close();

      const after = await gatewayOf('consul://reviews', { discovery, cacheFolder });
      expect(await ask(after)).toEqual({ data: { hello: 'one' } });
    } finally {
      await rm(cacheFolder, { recursive: true, force: true });
    }
  });

  test('with nothing known fails requests at once and in words, until it is there', async () => {
    const [port = 0] = await freePorts(1);
    const gateway = await gatewayOf('consul://reviews', {
      discovery: { consul: { address: `127.0.0.1:${port}` } },
    });
    const refused = await ask(gateway);
    const consul = track(await startConsulServer(port));
    const one = await instanceCalled('one');
    register(consul, one);
    await untilAnsweredBy(gateway, one);

    expect(refused).toEqual({
      data: { hello: null },
      errors: [
        {
          message: "HTTP fetch failed from 'reviews': no instance is known",
          path: ['hello'],
          extensions: { code: 'SUBREQUEST_HTTP_ERROR', service: 'reviews', reason: 'no instance is known' },
        },
      ],
    });
  });

  // an agent that lost its data answers so until the services have registered again
  test('with an empty list is not believed at once', async () => {
    const consul = await consulServer();
    const one = await instanceCalled('one');
    register(consul, one);
    const gateway = await gatewayOf('consul://reviews', {
      discovery: { empty_after_ms: 200, consul: { address: consul.url } },
    });
    await ask(gateway);
    const asked = consul.nextRequest('index=');
    consul.deregister('one');
    await asked;
    const during = await ask(gateway);
    while ((await ask(gateway)).errors === undefined);
    expect(during).toEqual({ data: { hello: 'one' } });
  });
});

describe('requests: instances found by DNS', () => {
  test('are asked by the name that was looked up', async () => {
    const dns: DnsServer = track(await startDnsServer({ 'reviews.internal': { A: ['127.0.0.1'] } }));
    const one = await instanceCalled('one');
    const gateway = await gatewayOf(`dns://reviews.internal:${one.port}`, {
      discovery: { dns: { servers: [dns.address] } },
    });
    await ask(gateway);
    expect(one.requests[0]?.headers.host).toBe(`reviews.internal:${one.port}`);
  });
});

describe('requests: a schema read from an instance', () => {
  test('`subgraph_url: consul://reviews` is enough to add a subgraph', async () => {
    const consul = await consulServer();
    const one = await instanceCalled('one');
    register(consul, one);
    const gateway = track(
      await startGateway({
        files: {
          'supergraph.yaml': 'subgraphs: { reviews: { schema: { subgraph_url: "consul://reviews" } } }',
        },
        settings: { engine: 'compiled', discovery: { consul: { address: consul.url } } },
      }),
    );
    expect(await ask(gateway)).toEqual({ data: { hello: 'one' } });
  });
});
