import { describe, expect, test } from '@jest/globals';
import { hostAndPort, inOrder, instanceUrl } from '../../gateway/supergraph/instance.ts';

const urlOf = (host: string, port = 4004): string | undefined =>
  instanceUrl({ scheme: 'http', host, port, path: '/graphql' });

describe('instances: their URLs', () => {
  test.each([
    ['10.0.0.7', 'http://10.0.0.7:4004/graphql'],
    ['fd00::7', 'http://[fd00::7]:4004/graphql'],
    ['reviews-1.internal', 'http://reviews-1.internal:4004/graphql'],
    ['reviews_1.internal.', 'http://reviews_1.internal.:4004/graphql'],
  ])('the host %s is called at %s', (host, url) => {
    expect(urlOf(host)).toBe(url);
  });

  // what a registry says must not lead to another host or path than it seems to
  test.each([
    '',
    'a@b',
    'a/b',
    'a?b',
    'a#b',
    'a b',
    'a\\b',
    'a:80',
    '-a',
    'a-',
    '.',
    'a..b',
    '[::1]',
    'ä',
    'a\n',
  ])('%j is no host', (host) => {
    expect(urlOf(host)).toBeUndefined();
  });

  test.each([0, -1, 65_536, 1.5, Number.NaN])('%d is no port', (port) => {
    expect(urlOf('10.0.0.7', port)).toBeUndefined();
  });
});

describe('instances: host and port in one text', () => {
  test.each([
    ['10.0.0.7:4004', { host: '10.0.0.7', port: 4004 }],
    ['[::1]:4004', { host: '::1', port: 4004 }],
    [' reviews:80\n', { host: 'reviews', port: 80 }],
    ['::1:80', undefined],
    ['10.0.0.7', undefined],
    ['10.0.0.7:', undefined],
    ['10.0.0.7:99999', undefined],
  ])('%j', (text, found) => {
    expect(hostAndPort(text)).toEqual(found);
  });
});

describe('instances: lists', () => {
  test('have one order for one set, and name no URL twice', () => {
    const of = (url: string) => ({ url, weight: 1, priority: 0 });
    expect(inOrder([of('http://b'), of('http://a'), of('http://b')])).toEqual([
      of('http://a'),
      of('http://b'),
    ]);
  });
});
