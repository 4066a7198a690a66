import { expect, test } from '@jest/globals';
import { retryAfterMs } from '../../../../gateway/execute/subgraph/traffic/retryAfter.ts';

// the examples of RFC 9110, §10.2.3 and §5.6.7; the last three dates are one moment, in its three forms
const nowMs = Date.UTC(1994, 10, 6, 8, 49, 7);
test.each<[string | undefined, number | undefined]>([
  ['120', 120_000],
  ['0', 0],
  ['Fri, 31 Dec 1999 23:59:59 GMT', Date.UTC(1999, 11, 31, 23, 59, 59) - nowMs],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 30_000],
  ['Sun Nov  6 08:49:37 1994', 30_000],
  ['Sun, 06 Nov 1994 08:49:00 GMT', 0],
  [undefined, undefined],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['2000-01-01T00:00:00Z', undefined],
  ['Sun, 99 Nov 1994 08:49:37 GMT', undefined],
])('%j is %j ms', (value, expected) => {
  expect(retryAfterMs(value, nowMs)).toBe(expected);
});
