import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { InstanceReader } from '../../../gateway/supergraph/discoveryBackend.ts';
import { eureka } from '../../../gateway/supergraph/discoveryBackends/eureka.ts';
import type { DiscoverySettings } from '../../../gateway/supergraph/discoverySettings.ts';
import { type EurekaServer, eurekaInstance, startEurekaServer } from '../../support/eurekaServer.ts';
import { discoverySettings, failureOf, instancesOf, readerOf, urlsOf } from './backendHarness.ts';

let server: EurekaServer;
beforeEach(async () => {
  server = await startEurekaServer();
});
afterEach(() => server.close());

const open = (
  url = 'eureka://REVIEWS',
  more: Record<string, unknown> = {},
  scheme?: 'https',
): InstanceReader =>
  readerOf(url, {
    timeout_ms: 1_000,
    ...(scheme ? { scheme } : {}),
    eureka: { url: server.url, poll_interval_ms: 1, ...more },
  });

describe('eureka: instances', () => {
  test('are those of the application, in any case, that are UP', async () => {
    server.put(eurekaInstance('REVIEWS', 'a', 4004));
    server.put(eurekaInstance('REVIEWS', 'b', 4005, { status: 'DOWN' }));
    server.put(eurekaInstance('REVIEWS', 'c', 4006, { status: 'STARTING' }));
    server.put(eurekaInstance('REVIEWS', 'd', 4007, { status: 'OUT_OF_SERVICE' }));
    server.put(eurekaInstance('PRODUCTS', 'e', 4008));
    expect(await urlsOf(open('eureka://reviews/query'))).toEqual(['http://127.0.0.1:4004/query']);
  });

  test('have the zone of their metadata, or that of their data center', async () => {
    server.put(eurekaInstance('REVIEWS', 'a', 4004, { metadata: { zone: 'eu-1' } }));
    server.put(
      eurekaInstance('REVIEWS', 'b', 4005, {
        dataCenterInfo: { name: 'Amazon', metadata: { 'availability-zone': 'us-east-1a' } },
      }),
    );
    expect((await instancesOf(open())).map(({ zone }) => zone)).toEqual(['eu-1', 'us-east-1a']);
  });

  test('are called at their secure port where the other is off, or https is asked for', async () => {
    const secure = { securePort: { $: 4443, '@enabled': 'true' } };
    server.put(eurekaInstance('REVIEWS', 'a', 4004, { ...secure, port: { $: 4004, '@enabled': 'false' } }));
    server.put(eurekaInstance('REVIEWS', 'b', 4005, { ...secure, hostName: '127.0.0.2' }));
    expect(await urlsOf(open())).toEqual(['http://127.0.0.2:4005/graphql', 'https://127.0.0.1:4443/graphql']);
    expect(await urlsOf(open('eureka://REVIEWS', {}, 'https'))).toEqual([
      'https://127.0.0.1:4443/graphql',
      'https://127.0.0.2:4443/graphql',
    ]);
  });

  test('are called at their address where that is preferred', async () => {
    server.put(eurekaInstance('REVIEWS', 'a', 4004, { hostName: 'reviews-1.internal', ipAddr: '10.0.0.7' }));
    expect([await urlsOf(open()), await urlsOf(open('eureka://REVIEWS', { prefer_ip: true }))]).toEqual([
      ['http://reviews-1.internal:4004/graphql'],
      ['http://10.0.0.7:4004/graphql'],
    ]);
  });

  test('are read from an older server too, which writes a list of one as its element', async () => {
    server.unwrapsSingle = true;
    server.put(eurekaInstance('REVIEWS', 'a', 4004));
    expect(await urlsOf(open())).toEqual(['http://127.0.0.1:4004/graphql']);
  });
});

describe('eureka: what has changed', () => {
  test('is all that is read after the first time', async () => {
    server.put(eurekaInstance('REVIEWS', 'a', 4004));
    const reader = open();
    await urlsOf(reader);
    server.dropDelta();
    server.put(eurekaInstance('REVIEWS', 'b', 4005));
    const added = await urlsOf(reader);
    server.put(eurekaInstance('REVIEWS', 'a', 4004, { status: 'DOWN' }));
    const modified = await urlsOf(reader);
    server.remove('b');

    expect([added, modified, await urlsOf(reader), server.requests]).toEqual([
      ['http://127.0.0.1:4004/graphql', 'http://127.0.0.1:4005/graphql'],
      ['http://127.0.0.1:4005/graphql'],
      [],
      ['GET /apps', 'GET /apps/delta', 'GET /apps/delta', 'GET /apps/delta'],
    ]);
  });

  test('is not trusted when its hash says that something was missed: then all is read', async () => {
    server.put(eurekaInstance('REVIEWS', 'a', 4004));
    const reader = open();
    await urlsOf(reader);
    server.put(eurekaInstance('REVIEWS', 'b', 4005));
    server.dropDelta();

    expect(await urlsOf(reader)).toEqual(['http://127.0.0.1:4004/graphql', 'http://127.0.0.1:4005/graphql']);
    expect(server.requests).toEqual(['GET /apps', 'GET /apps/delta', 'GET /apps']);
  });

  test('is not asked for after a failure: an equal hash does not make up for what may have been missed', async () => {
    server.put(eurekaInstance('REVIEWS', 'a', 4004));
    const reader = open();
    await urlsOf(reader);
    server.failure = { kind: 'status', status: 503 };
    await failureOf(reader);
    server.failure = undefined;
    server.remove('a');
    server.put(eurekaInstance('REVIEWS', 'b', 4005));
    server.dropDelta();

    expect(await urlsOf(reader)).toEqual(['http://127.0.0.1:4005/graphql']);
  });

  test('is not asked for again of a server that keeps no deltas', async () => {
    server.isDeltaDisabled = true;
    const reader = open();
    for (const _ of [1, 2, 3]) await urlsOf(reader);
    expect(server.requests).toEqual(['GET /apps', 'GET /apps/delta', 'GET /apps', 'GET /apps']);
  });
});

describe('eureka: several subgraphs', () => {
  const settings = (poll_interval_ms: number) =>
    discoverySettings({ timeout_ms: 1_000, eureka: { url: server.url, poll_interval_ms } });
  const reader = (name: string, shared: DiscoverySettings): InstanceReader =>
    eureka.open({ url: `eureka://${name}`, scheme: 'http', path: '/graphql', settings: shared });

  test('share one copy, and what one reads does for the others', async () => {
    server.put(eurekaInstance('REVIEWS', 'a', 4004));
    server.put(eurekaInstance('PRODUCTS', 'b', 4005));
    const shared = settings(60_000);
    const [reviews, products] = [reader('REVIEWS', shared), reader('PRODUCTS', shared)];
    const together = await Promise.all([urlsOf(reviews), urlsOf(products)]);
    expect([together, await urlsOf(products), server.requests]).toEqual([
      [['http://127.0.0.1:4004/graphql'], ['http://127.0.0.1:4005/graphql']],
      ['http://127.0.0.1:4005/graphql'],
      ['GET /apps'],
    ]);
  });

  test('one that is not followed any more takes the answer from no other', async () => {
    server.put(eurekaInstance('PRODUCTS', 'b', 4005));
    const shared = settings(1);
    const ending = new AbortController();
    const left = reader('REVIEWS', shared).read(ending.signal);
    const stayed = urlsOf(reader('PRODUCTS', shared));
    ending.abort();
    await expect(left).rejects.toThrow('nobody asks any more');
    expect(await stayed).toEqual(['http://127.0.0.1:4005/graphql']);
  });

  test('all hear of a failure', async () => {
    server.failure = { kind: 'status', status: 500 };
    const shared = settings(60_000);
    const reasons = await Promise.all([
      failureOf(reader('REVIEWS', shared)),
      failureOf(reader('PRODUCTS', shared)),
    ]);
    expect(reasons).toEqual(new Array(2).fill('Eureka answered with HTTP status 500'));
  });
});

describe('eureka: servers', () => {
  test('are asked with the user of their URL', async () => {
    const reader = open('eureka://REVIEWS', { url: server.url.replace('//', '//ada:s%3Acret@') });
    await urlsOf(reader);
    expect(server.authorizations).toEqual([`Basic ${Buffer.from('ada:s:cret').toString('base64')}`]);
  });

  test('stand in for one another', async () => {
    const other = await startEurekaServer();
    try {
      other.put(eurekaInstance('REVIEWS', 'a', 4004));
      server.failure = { kind: 'silent' };
      expect(await urlsOf(open('eureka://REVIEWS', { url: `${server.url}/,${other.url}/` }))).toEqual([
        'http://127.0.0.1:4004/graphql',
      ]);
    } finally {
      await other.close();
    }
  });

  test.each([
    [
      'a user who may not',
      { kind: 'status', status: 401 },
      'Eureka refuses the user (HTTP status 401); write them into `discovery.eureka.url`',
    ],
    ['a status', { kind: 'status', status: 404 }, 'Eureka answered with HTTP status 404'],
    ['an error of the server', { kind: 'status', status: 500 }, 'Eureka answered with HTTP status 500'],
    ['XML', { kind: 'body', body: '<applications/>' }, 'Eureka could not be asked: its answer is not JSON'],
    [
      'other JSON',
      { kind: 'body', body: '[]' },
      'Eureka answered with something other than a list of applications',
    ],
    ['silence', { kind: 'silent' }, 'Eureka did not answer within 1000 ms'],
  ] as const)('that fail (%s) fail the read', async (_what, failure, reason) => {
    server.failure = failure;
    expect(await failureOf(open())).toBe(reason);
  });
});
