import { describe, expect, test } from '@jest/globals';
import { encodingFor } from '../../gateway/http/compression.ts';

const offered = ['br', 'gzip'] as const;

/* Examples and rules of RFC 9110 §12.5.3 "Accept-Encoding" and §12.4.2 "Quality Values". */
describe('http: the coding of an answer', () => {
  test.each([
    ['compress, gzip', 'gzip'],
    ['', undefined],
    ['*', 'br'],
    ['compress;q=0.5, gzip;q=1.0', 'gzip'],
    ['gzip;q=1.0, identity; q=0.5, *;q=0', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['*;q=0', undefined],
    ['br;q=0, *', 'gzip'],
    ['GZIP', 'gzip'],
    ['gzip;q=0.3, identity', undefined],
    ['gzip;q=none', undefined],
    ['deflate', undefined],
    ['x-gzip-not', undefined],
    [undefined, undefined],
  ])('for %j is %s', (accepted, expected) => {
    expect(encodingFor(accepted, offered)).toBe(expected);
  });
});
