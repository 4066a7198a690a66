import { describe, expect, test } from '@jest/globals';
import type { AnswerHeaders } from '../../gateway/execute/subgraph/subgraphRequest.ts';
import { mergedCacheControl } from '../../gateway/respond/cacheControl.ts';

const merged = (...all: (AnswerHeaders | undefined)[]): string =>
  mergedCacheControl(
    all.map((headers) => ({ subgraph: 'a', headers })),
    false,
  );
const saying = (value: string | undefined): AnswerHeaders => ({ 'cache-control': value });

/* Expected: RFC 9111 §5.2.2 (directives), §4.2.3 (age), §4.1 (Vary); the least of all, as Apollo Gateway and Cosmo Router merge. */
describe('respond: Cache-Control of several answers', () => {
  test.each([
    ['the least age of all', ['max-age=60, public', 'max-age=30, public'], 'max-age=30, public'],
    ['public when all are', ['max-age=60, public', 'max-age=60'], 'max-age=60, private'],
    ['names in any case, values in quotes', ['MAX-AGE="60", Public'], 'max-age=60, public'],
    ['the least of both ages of one', ['max-age=60, s-maxage=10'], 'max-age=10, private'],
    [
      'what one of them must have validated',
      ['max-age=60', 'max-age=9, must-revalidate'],
      'max-age=9, private, must-revalidate',
    ],
    ['a comma within quotes is none', ['ext="no-store, private", max-age=5'], 'max-age=5, private'],
  ])('has %s', (_what, values, expected) => {
    expect(merged(...values.map(saying))).toBe(expected);
  });

  test.each([
    ['no-store', saying('no-store, max-age=60')],
    ['no-cache', saying('max-age=60, no-cache')],
    ['private', saying('private, max-age=60')],
    // GHSA-4cwx-7wf7-3272: a cache stored such an answer
    ['private of nothing', saying('public, max-age=60, private=""')],
    ['private of one header', saying('public, max-age=60, private="set-cookie"')],
    ['no age', saying('public')],
    ['nothing', saying(undefined)],
    ['an age of 0', saying('max-age=0')],
    ['an age that is none', saying('max-age=60s')],
    ['an age below 0', saying('max-age=-1')],
    ['an age that it has passed', { ...saying('max-age=60'), age: '60' }],
    ['an Age that is none', { ...saying('max-age=60'), age: 'old' }],
    ['that it varies', { ...saying('max-age=60'), vary: 'accept-encoding, authorization' }],
    ['that it varies by all', { ...saying('max-age=60'), vary: '*' }],
    ['no headers, as there was no answer', undefined],
  ])('is not to be stored when one says %s', (_what, headers) => {
    expect(merged(saying('max-age=60, public'), headers)).toBe('no-store');
  });

  test('counts the time that an answer was stored before, and bears a Vary on the encoding', () => {
    const stored = { ...saying('max-age=60, public'), age: '20', vary: 'Accept-Encoding' };
    expect(merged(stored)).toBe('max-age=40, public');
  });

  test('is for one alone when it depends on who asks', () => {
    const answers = [{ subgraph: 'a', headers: saying('max-age=60, public') }];
    expect(mergedCacheControl(answers, true)).toBe('max-age=60, private');
  });

  test('stores nothing of nothing', () => {
    expect(merged()).toBe('no-store');
  });
});
