import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { InstanceReader } from '../../../gateway/supergraph/discoveryBackend.ts';
import { type ConsulServer, startConsulServer } from '../../support/consulServer.ts';
import { failureOf, instancesOf, readerOf, urlsOf } from './backendHarness.ts';

let server: ConsulServer;
beforeEach(async () => {
  server = await startConsulServer();
});
afterEach(() => server.close());

const open = (url = 'consul://reviews', consul: Record<string, unknown> = {}): InstanceReader =>
  readerOf(url, { timeout_ms: 1_000, consul: { address: server.url, ...consul } });
const lines = (): string[] => server.requests.map(({ line }) => line);
const service = { ID: 'reviews-1', Name: 'reviews', Address: '10.0.0.7', Port: 4004 };

describe('consul: instances', () => {
  test('are those whose checks pass', async () => {
    server.register(service);
    server.register({ ...service, ID: 'reviews-2', Port: 4005 }, 'warning');
    server.register({ ...service, ID: 'reviews-3', Port: 4006 }, 'critical');
    server.register({ ...service, ID: 'products-1', Name: 'products' });
    expect(await urlsOf(open('consul://reviews/query'))).toEqual(['http://10.0.0.7:4004/query']);
    expect(lines()).toEqual(['GET /v1/health/service/reviews?passing=true']);
  });

  test('without an address of their own have that of their node', async () => {
    server.node = { Address: '10.0.0.1' };
    server.register({ ...service, Address: '' });
    expect(await urlsOf(open())).toEqual(['http://10.0.0.1:4004/graphql']);
  });

  test('have the weight of the service, and its zone or that of the node', async () => {
    server.node = { Address: '10.0.0.1', Meta: { zone: 'b' } };
    server.register({ ...service, Meta: { zone: 'a' }, Weights: { Passing: 10, Warning: 1 } });
    server.register({ ...service, ID: 'reviews-2', Port: 4005, Weights: { Passing: 0, Warning: 0 } });
    expect(await instancesOf(open())).toEqual([
      { url: 'http://10.0.0.7:4004/graphql', zone: 'a', weight: 10, priority: 0 },
      { url: 'http://10.0.0.7:4005/graphql', zone: 'b', weight: 1, priority: 0 },
    ]);
  });

  test('that name no host or port are left out', async () => {
    server.register({ ...service, Address: 'evil.example/x?' });
    server.register({ ...service, ID: 'reviews-2', Port: 0 });
    server.register({ ...service, ID: 'reviews-3', Port: 4006 });
    expect(await urlsOf(open())).toEqual(['http://10.0.0.7:4006/graphql']);
  });

  test('are none of a service that nobody knows', async () => {
    expect(await urlsOf(open())).toEqual([]);
  });
});

describe('consul: the request', () => {
  test('carries the parameters of the URL, the token, and the name as one step of the path', async () => {
    server.token = 's3cret';
    server.register({ ...service, Name: 'a b', Tags: ['v2', 'eu'] });
    server.register({ ...service, ID: 'other', Name: 'a b', Port: 9, Tags: ['v2'] });
    const reader = open('consul://a%20b?tag=v2&tag=eu&dc=dc1&near=_agent', { token: 's3cret' });

    expect(await urlsOf(reader)).toEqual(['http://10.0.0.7:4004/graphql']);
    expect(server.requests).toEqual([
      {
        line: 'GET /v1/health/service/a%20b?tag=v2&tag=eu&dc=dc1&near=_agent&passing=true',
        token: 's3cret',
      },
    ]);
  });

  test('without a right token is refused in words', async () => {
    server.token = 's3cret';
    expect(await failureOf(open())).toBe(
      'Consul refuses the token (HTTP status 403): it needs `service:read` and `node:read`',
    );
  });

  test('goes to the next agent when one fails, and stays there', async () => {
    const other = await startConsulServer();
    try {
      other.register(service);
      server.failure = { kind: 'status', status: 500, body: 'No cluster leader' };
      const reader = open('consul://reviews', { address: `${server.url},${other.url}`, wait_ms: 1 });
      await urlsOf(reader);
      expect(await urlsOf(reader)).toEqual(['http://10.0.0.7:4004/graphql']);
      expect([server.requests.length, other.requests.length]).toEqual([1, 2]);
    } finally {
      await other.close();
    }
  });
});

describe('consul: blocking queries', () => {
  test('after the first read the next one waits for a change', async () => {
    server.register(service);
    const reader = open();
    await urlsOf(reader);
    const next = urlsOf(reader);
    await server.waiting();
    server.register({ ...service, ID: 'reviews-2', Port: 4005 });

    expect(await next).toEqual(['http://10.0.0.7:4004/graphql', 'http://10.0.0.7:4005/graphql']);
    expect(lines().at(-1)).toBe('GET /v1/health/service/reviews?passing=true&index=11&wait=55000ms');
  });

  test('one that ends without a change gives the same list', async () => {
    server.register(service);
    const reader = open('consul://reviews', { wait_ms: 20 });
    expect([await urlsOf(reader), await urlsOf(reader)]).toEqual([
      ['http://10.0.0.7:4004/graphql'],
      ['http://10.0.0.7:4004/graphql'],
    ]);
  });

  // "Reset the index if it goes backwards"
  test('an index that goes backwards is not waited for', async () => {
    server.register(service);
    const reader = open();
    await urlsOf(reader);
    const restored = urlsOf(reader);
    await server.waiting();
    server.index = 3;
    await restored;
    await urlsOf(reader);
    expect(lines().at(-1)).toBe('GET /v1/health/service/reviews?passing=true');
  });

  // "Sanity check index is greater than zero": else the next query would not wait, and the loop never rest
  test('an index of 0 is taken for 1', async () => {
    server.index = 0;
    const reader = open('consul://reviews', { wait_ms: 1 });
    await urlsOf(reader);
    await urlsOf(reader);
    expect(lines().at(-1)).toBe('GET /v1/health/service/reviews?passing=true&index=1&wait=1ms');
  });

  test('a connection that is cut fails the read, and the next one asks for all at once', async () => {
    server.register(service);
    const reader = open();
    await urlsOf(reader);
    const cut = failureOf(reader);
    await server.waiting();
    server.cutWaiting();
    expect(await cut).toMatch(/^Consul could not be asked: /);

    server.deregister('reviews-1');
    expect(await urlsOf(reader)).toEqual([]);
    expect(lines().at(-1)).toBe('GET /v1/health/service/reviews?passing=true');
  });

  test('one that nobody waits for any more ends', async () => {
    const reader = open();
    await urlsOf(reader);
    const ending = new AbortController();
    const waiting = reader.read(ending.signal);
    await server.waiting();
    ending.abort();
    await expect(waiting).rejects.toThrow('Consul could not be asked');
  });
});

describe('consul: failures', () => {
  test.each([
    ['a status', { kind: 'status', status: 429 }, 'Consul answered with HTTP status 429'],
    ['an error of the server', { kind: 'status', status: 500 }, 'Consul answered with HTTP status 500'],
    ['no JSON', { kind: 'body', body: '<html>' }, 'Consul could not be asked: its answer is not JSON'],
    [
      'other JSON',
      { kind: 'body', body: '{"a":1}' },
      'Consul answered with something other than a list of services',
    ],
    [
      'services of another shape',
      { kind: 'body', body: '[{"Node":{}}]' },
      'Consul answered with something other than a list of services',
    ],
    ['silence', { kind: 'silent' }, 'Consul did not answer within 1000 ms'],
    [
      'a reset connection',
      { kind: 'cut' },
      expect.stringMatching(/^Consul could not be asked: .*read ECONNRESET$/),
    ],
  ] as const)('%s', async (_what, failure, reason) => {
    server.failure = failure;
    const reader = open();
    expect(await failureOf(reader)).toEqual(reason);

    server.failure = undefined;
    server.register(service);
    expect(await urlsOf(reader)).toEqual(['http://10.0.0.7:4004/graphql']);
  });

  test('a refused connection', async () => {
    const reader = open();
    const { port } = new URL(server.url);
    await server.close();
    const reason = await failureOf(reader);
    server = await startConsulServer(Number(port));
    expect(reason).toMatch(/^Consul could not be asked: .*connect ECONNREFUSED/);
  });
});
