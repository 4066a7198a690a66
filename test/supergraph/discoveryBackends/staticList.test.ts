import { expect, test } from '@jest/globals';
import { instancesOf, readerOf } from './backendHarness.ts';

test('static: lists instances with their zones and weights, which are sent to nobody', async () => {
  const reader = readerOf('static:http://10.0.0.7:4004/graphql#zone=a&weight=3, https://10.0.0.8/query?x=1');
  expect(await instancesOf(reader)).toEqual([
    { url: 'http://10.0.0.7:4004/graphql', zone: 'a', weight: 3, priority: 0 },
    { url: 'https://10.0.0.8/query?x=1', weight: 1, priority: 0 },
  ]);
});
