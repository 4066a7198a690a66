import { describe, expect, test } from '@jest/globals';
import { discoveryBackendFor, discoveryBackends } from '../../../gateway/supergraph/discoveryBackends.ts';

describe('discovery: URLs', () => {
  test.each(discoveryBackends.map(({ scheme, example }) => [scheme, example] as const))(
    'the example of %s is one of its own, and usable',
    (scheme, example) => {
      const backend = discoveryBackendFor(example);
      expect([backend?.scheme, backend?.findProblem(example)]).toEqual([scheme, undefined]);
    },
  );

  test('a scheme is found whatever its case, as in any URL', () => {
    expect(discoveryBackendFor('CONSUL://reviews')?.scheme).toBe('consul');
  });

  test.each(['http://127.0.0.1:4001/graphql', 'https://a', 'reviews', '', 'constructor:x'])(
    '%j is of no backend',
    (url) => {
      expect(discoveryBackendFor(url)).toBeUndefined();
    },
  );

  test.each([
    ['static:', 'lists http or https URLs with commas between: static:http://10.0.0.7:4004/graphql,http://…'],
    [
      'static:ftp://a',
      'lists http or https URLs with commas between: static:http://10.0.0.7:4004/graphql,http://…',
    ],
    [
      'static:http://a,',
      'lists http or https URLs with commas between: static:http://10.0.0.7:4004/graphql,http://…',
    ],
    ['static:http://a#zon=b', 'has the unknown note "zon" behind a #; there are zone and weight'],
    ['static:http://a#weight=0', 'has a weight that is no number above 0'],
    ['static:http://a#weight=many', 'has a weight that is no number above 0'],
    ['dns://reviews', 'needs a port: dns://reviews.internal:4004'],
    ['dns://re(views:80', 'names "re(views", which is no host name'],
    ['dns://reviews:80?ttl=3', 'takes no parameters, and has "ttl"'],
    ['srv://_http._tcp.reviews:80', 'must have no port: the SRV records say it'],
    ['srv://', 'names no service'],
    [
      'kubernetes://a.b.c:80',
      'names "a.b.c"; expected a service, or a service and its namespace: kubernetes://reviews.shop',
    ],
    [
      'consul://reviews?token=x',
      'has the unknown parameter "token"; there are dc, tag, near, filter, ns, partition, peer, stale, cached',
    ],
    ['consul://user:secret@reviews', 'must hold no credentials; they belong in gateway.yaml'],
    ['consul://reviews#a', 'must have no #fragment'],
    ['consul:///graphql', 'names no service'],
    ['eureka://REVIEWS:80', 'must have no port: the registry says it'],
    [
      'zookeeper://zk1:2181/services',
      'names servers, which belong under `discovery.zookeeper.servers`: zookeeper:///services/reviews',
    ],
    ['zookeeper:///', 'names no node: zookeeper:///services/reviews'],
    ['zookeeper:///services//reviews', 'names no node: zookeeper:///services/reviews'],
    ['zookeeper:///zookeeper/quota', 'names no node: zookeeper:///services/reviews'],
    ['zookeeper:///services?path=graphql', 'has a `path` that begins with no /'],
    ['zookeeper:///services?zone=a', 'has the unknown parameter "zone"; there is path'],
  ])('%s: %s', (url, problem) => {
    expect(discoveryBackendFor(url)?.findProblem(url)).toBe(problem);
  });
});
