import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startConsulServer } from '../support/consulServer.ts';
import { startEurekaServer } from '../support/eurekaServer.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { findZookeeper, startZookeeperServer } from '../support/zookeeperServer.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Starts the example's products as a process of its own, with a database of its own, that registers itself. */
async function startProducts(registry: string): Promise<ChildProcess> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tributary-products-'));
  const child = fork(path.join(root, 'subgraphs/products/subgraph.ts'), {
    execArgv: ['--import', 'tsx'],
    cwd: root,
    env: {
      PATH: process.env.PATH,
      DATA_DIR: folder,
      PORT: '0',
      REGISTER: registry,
      REGISTER_DRAIN_MS: '300',
    },
    silent: true,
  });
  cleanups.push(async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  });
  await once(child, 'message');
  return child;
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await ended;
  return code as number | null;
}

async function gatewayFor(url: string, discovery: unknown): Promise<GatewayUnderTest> {
  const gateway = await startGateway({
    files: { 'supergraph.yaml': `subgraphs: { products: { schema: { subgraph_url: "${url}" } } }` },
    settings: { engine: 'compiled', discovery, traffic_shaping: { all: { deduplicate_query: false } } },
  });
  cleanups.push(() => gateway.stop());
  return gateway;
}

const query = '{ topProducts(first: 1) { name } }';
const isGood = (answer: unknown): boolean => !('errors' in (answer as object));

/** The first schema may be read before the first instance has registered. */
async function untilGood(gateway: GatewayUnderTest): Promise<void> {
  while (!isGood(await gateway.answerTo({ query })));
}

describe('requests: the example’s subgraphs, registered by themselves', () => {
  test('one after another may be replaced by a new process without a failed request', async () => {
    const consul = await startConsulServer();
    cleanups.push(() => consul.close());
    const registry = consul.url.replace('http', 'consul');
    const first = await startProducts(registry);
    const gateway = await gatewayFor('consul://products', { consul: { address: consul.url } });
    await untilGood(gateway);

    let isEnding = false;
    cleanups.push(() => {
      isEnding = true;
    });
    const answers: unknown[] = [];
    const clients = Array.from({ length: 4 }, async () => {
      while (!isEnding) answers.push(await gateway.answerTo({ query }));
    });
    const second = await startProducts(registry);
    while (consul.services.size < 2) await consul.nextRequest('/v1/');
    const codes = [await end(first)];
    await startProducts(registry);
    while (consul.services.size < 2) await consul.nextRequest('/v1/');
    codes.push(await end(second));
    isEnding = true;
    await Promise.all(clients);

    expect([answers.filter((answer) => !isGood(answer)), codes, consul.services.size]).toEqual([
      [],
      [0, 0],
      1,
    ]);
    // three processes start one after another
  }, 120_000);

  test('are found at Eureka', async () => {
    const eureka = await startEurekaServer();
    cleanups.push(() => eureka.close());
    await startProducts(eureka.url.replace('http', 'eureka'));
    const gateway = await gatewayFor('eureka://PRODUCTS', {
      eureka: { url: eureka.url, poll_interval_ms: 50 },
    });
    await untilGood(gateway);
  });

  (findZookeeper() ? test : test.skip)('are found at ZooKeeper', async () => {
    const zookeeper = await startZookeeperServer();
    cleanups.push(() => zookeeper.close());
    const servers = `127.0.0.1:${zookeeper.port}`;
    await startProducts(`zookeeper://${servers}`);
    const gateway = await gatewayFor('zookeeper:///services/products', { zookeeper: { servers } });
    await untilGood(gateway);
  });
});
