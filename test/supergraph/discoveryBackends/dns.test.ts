import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { InstanceReader } from '../../../gateway/supergraph/discoveryBackend.ts';
import { type DnsServer, startDnsServer } from '../../support/dnsServer.ts';
import { failureOf, instancesOf, readerOf, urlsOf } from './backendHarness.ts';

let server: DnsServer;
beforeEach(async () => {
  server = await startDnsServer();
});
afterEach(() => server.close());

const open = (
  url: string,
  dns: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): InstanceReader =>
  readerOf(url, { timeout_ms: 1_000, ...more, dns: { servers: [server.address], ...dns } });

const againInMs = async (reader: InstanceReader): Promise<number> =>
  (await reader.read(new AbortController().signal)).againInMs;

describe('dns', () => {
  test('every address of either family is an instance, asked by the name', async () => {
    server.records['reviews.internal'] = { A: ['10.0.0.7', '10.0.0.8'], AAAA: ['fd00::7'], ttl: 5 };
    expect(await instancesOf(open('dns://reviews.internal:4004/query'))).toEqual(
      ['http://10.0.0.7:4004/query', 'http://10.0.0.8:4004/query', 'http://[fd00::7]:4004/query'].map(
        (url) => ({
          url,
          host: 'reviews.internal:4004',
          weight: 1,
          priority: 0,
        }),
      ),
    );
  });

  test.each([
    ['4', ['A reviews.internal']],
    ['6', ['AAAA reviews.internal']],
  ])('with family %s only that is asked for', async (family, questions) => {
    server.records['reviews.internal'] = { A: ['10.0.0.7'], AAAA: ['fd00::7'] };
    await urlsOf(open('dns://reviews.internal:4004', { family }));
    expect(server.questions).toEqual(questions);
  });

  test.each([
    ['the TTL', 5, 5_000],
    ['a second where the TTL is 0, so that no name server is asked without a pause', 0, 1_000],
    ['`max_ttl_ms` where the TTL is longer: what cached it may be wrong', 600, 30_000],
  ])('a name is looked up again after %s', async (_what, ttl, ms) => {
    server.records['reviews.internal'] = { A: ['10.0.0.7'], ttl };
    expect(await againInMs(open('dns://reviews.internal:4004'))).toBe(ms);
  });

  test('each read asks the name server, and nothing older answers', async () => {
    server.records['reviews.internal'] = { A: ['10.0.0.7'], ttl: 600 };
    const reader = open('dns://reviews.internal:4004');
    await urlsOf(reader);
    server.records['reviews.internal'] = { A: ['10.0.0.9'], ttl: 600 };
    expect(await urlsOf(reader)).toEqual(['http://10.0.0.9:4004/graphql']);
  });

  test('a name that does not exist has no instances', async () => {
    expect(await urlsOf(open('dns://reviews.internal:4004'))).toEqual([]);
  });

  test('nor has a name without addresses', async () => {
    server.records['reviews.internal'] = {};
    expect(await urlsOf(open('dns://reviews.internal:4004'))).toEqual([]);
  });

  test('a name server that knows nothing of AAAA does not hide the addresses of the other family', async () => {
    server.records['reviews.internal'] = { A: ['10.0.0.7'] };
    server.failingTypes = new Set(['AAAA']);
    expect(await urlsOf(open('dns://reviews.internal:4004'))).toEqual(['http://10.0.0.7:4004/graphql']);
  });

  test.each([
    ['SERVFAIL', '"reviews.internal" could not be looked up: the name server failed (SERVFAIL)'],
    ['REFUSED', '"reviews.internal" could not be looked up: the name server refuses to answer (REFUSED)'],
    ['silent', '"reviews.internal" could not be looked up: no name server answers in time'],
  ] as const)('a name server that fails (%s) fails the read', async (failure, reason) => {
    server.failure = failure;
    expect(await failureOf(open('dns://reviews.internal:4004'))).toBe(reason);
  });

  test('an answer that is none fails the read', async () => {
    server.failure = 'garbage';
    expect(await failureOf(open('dns://reviews.internal:4004'))).toMatch(
      /^"reviews\.internal" could not be looked up: /,
    );
  });
});

describe('srv', () => {
  const record = { priority: 0, weight: 0, port: 4004, target: 'reviews-1.internal' };

  test('gives port, priority and weight of each target, whose addresses are called by its name', async () => {
    server.records = {
      '_http._tcp.reviews': {
        SRV: [
          { ...record, weight: 10 },
          { ...record, priority: 1, weight: 5, port: 4005, target: 'reviews-2.internal' },
        ],
      },
      'reviews-1.internal': { A: ['10.0.0.7'], ttl: 7 },
      'reviews-2.internal': { A: ['10.0.0.8'], ttl: 20 },
    };
    const read = await open('srv://_http._tcp.reviews/query').read(new AbortController().signal);
    expect(read).toEqual({
      instances: [
        { url: 'http://10.0.0.7:4004/query', host: 'reviews-1.internal:4004', weight: 10, priority: 0 },
        { url: 'http://10.0.0.8:4005/query', host: 'reviews-2.internal:4005', weight: 5, priority: 1 },
      ],
      // the shortest of the targets' TTLs
      againInMs: 7_000,
    });
  });

  test('a target with two addresses shares its weight between them; a weight of 0 is a small one', async () => {
    server.records = {
      '_http._tcp.reviews': {
        SRV: [
          { ...record, weight: 10 },
          { ...record, target: 'reviews-2.internal' },
        ],
      },
      'reviews-1.internal': { A: ['10.0.0.7', '10.0.0.8'] },
      'reviews-2.internal': { A: ['10.0.0.9'] },
    };
    const instances = await instancesOf(open('srv://_http._tcp.reviews'));
    expect(instances.map(({ weight }) => weight)).toEqual([5, 5, 0.01]);
  });

  // "A Target of "." means that the service is decidedly not available at this domain." RFC 2782
  test('the target "." has no instance', async () => {
    server.records = { '_http._tcp.reviews': { SRV: [{ ...record, target: '.' }] } };
    expect(await urlsOf(open('srv://_http._tcp.reviews'))).toEqual([]);
  });

  test('a target that cannot be looked up stays as it was, and takes no other along', async () => {
    server.records = {
      '_http._tcp.reviews': { SRV: [record] },
      'reviews-1.internal': { A: ['10.0.0.7'] },
    };
    const reader = open('srv://_http._tcp.reviews', { family: '4' });
    await urlsOf(reader);
    server.records['_http._tcp.reviews'] = { SRV: [record, { ...record, port: 4005 }] };
    server.failingTypes = new Set(['A']);
    expect(await urlsOf(reader)).toEqual(['http://10.0.0.7:4004/graphql']);
  });

  test('a target that does not exist any more is gone', async () => {
    server.records = {
      '_http._tcp.reviews': { SRV: [record] },
      'reviews-1.internal': { A: ['10.0.0.7'] },
    };
    const reader = open('srv://_http._tcp.reviews');
    await urlsOf(reader);
    delete server.records['reviews-1.internal'];
    expect(await urlsOf(reader)).toEqual([]);
  });

  test('no records are no instances, and a failure is a failure', async () => {
    const reader = open('srv://_http._tcp.reviews');
    expect(await urlsOf(reader)).toEqual([]);
    server.failure = 'SERVFAIL';
    expect(await failureOf(reader)).toBe(
      '"_http._tcp.reviews" could not be looked up: the name server failed (SERVFAIL)',
    );
  });
});

describe('kubernetes', () => {
  test('with a port the addresses of the headless service are the instances', async () => {
    server.records['reviews.shop.svc.cluster.local'] = { A: ['10.1.0.7', '10.1.0.8'], ttl: 5 };
    expect(await urlsOf(open('kubernetes://reviews.shop:4004/query'))).toEqual([
      'http://10.1.0.7:4004/query',
      'http://10.1.0.8:4004/query',
    ]);
  });

  // Source: Kubernetes, "DNS for Services and Pods", SRV records
  test('without one the SRV records of its port `http` are', async () => {
    server.records = {
      '_http._tcp.reviews.default.svc.cluster.local': {
        SRV: [{ priority: 0, weight: 50, port: 8080, target: '10-1-0-7.reviews.default.svc.cluster.local' }],
      },
      '10-1-0-7.reviews.default.svc.cluster.local': { A: ['10.1.0.7'] },
    };
    expect(await urlsOf(open('kubernetes://reviews'))).toEqual(['http://10.1.0.7:8080/graphql']);
  });

  test('namespace and domain come from the settings', async () => {
    server.records['reviews.team.svc.k8s.example'] = { A: ['10.1.0.7'] };
    const kubernetes = { namespace: 'team', cluster_domain: 'k8s.example' };
    expect(await urlsOf(open('kubernetes://reviews:80', {}, { kubernetes }))).toEqual([
      'http://10.1.0.7:80/graphql',
    ]);
  });
});
