import { describe, expect, test } from '@jest/globals';
import { errorExposure } from '../../gateway/respond/errorExposure.ts';
import type { ExposureSettings } from '../../gateway/respond/errorExposureSettings.ts';

/* Settings and what they show: Apollo Router, `plugins/include_subgraph_errors/tests.rs`. */

const reported = ['code', 'test', 'service'];

/** The extensions of an error of `products` that are shown, before them its message where that is. */
function shown(all: ExposureSettings['all'], products?: ExposureSettings['subgraphs'][string]): string {
  const subgraphs: ExposureSettings['subgraphs'] = products === undefined ? {} : { products };
  const { isShown, redactsMessage, showsExtension } = errorExposure({ all, subgraphs })('products');
  if (!isShown) return 'redacted';
  return [redactsMessage ? [] : 'message', reported.filter((key) => showsExtension(key))].flat(2).join(' ');
}

describe('error exposure: a switch', () => {
  test.each([
    [true, undefined, 'message code test service'],
    [false, undefined, 'redacted'],
    [false, true, 'message code test service'],
    [true, false, 'redacted'],
  ] as const)('for all %s, for the subgraph %s', (all, products, expected) => {
    expect(shown(all, products)).toBe(expected);
  });

  test('of another subgraph changes nothing', () => {
    const exposureOf = errorExposure({ all: false, subgraphs: { reviews: true } });
    expect([exposureOf('products').isShown, exposureOf('reviews').isShown]).toEqual([false, true]);
  });

  test('of a subgraph discards the lists for all', () => {
    const deny = { redact_message: true, deny_extensions_keys: ['code'] };
    const allow = { redact_message: true, allow_extensions_keys: ['code'] };
    expect([shown(deny, true), shown(allow, false)]).toEqual(['message code test service', 'redacted']);
  });
});

describe('error exposure: lists for all', () => {
  test.each([
    [{ redact_message: true, allow_extensions_keys: ['code', 'service'] }, 'code service'],
    [{ redact_message: false, allow_extensions_keys: ['code', 'service'] }, 'message code service'],
    [{ redact_message: false, allow_extensions_keys: [] }, 'message'],
    [{ redact_message: true, deny_extensions_keys: ['code'] }, 'test service'],
    [{ redact_message: false, deny_extensions_keys: [] }, 'message code test service'],
    [{ redact_message: true }, 'code test service'],
  ])('%j', (all, expected) => {
    expect(shown(all)).toBe(expected);
  });
});

describe('error exposure: lists of a subgraph', () => {
  const allow = (...keys: string[]) => ({ redact_message: false, allow_extensions_keys: keys });
  const deny = (...keys: string[]) => ({ redact_message: false, deny_extensions_keys: keys });

  test('inherit whether messages are redacted', () => {
    const all = { ...allow('code'), redact_message: true };
    expect([shown(all, { allow_extensions_keys: [] }), shown(all, { redact_message: false })]).toEqual([
      'code',
      'message code',
    ]);
  });

  test('may redact messages alone', () => {
    expect(shown(allow('code', 'service'), { redact_message: true })).toBe('code service');
  });

  test.each<[string, ExposureSettings['all'], ExposureSettings['subgraphs'][string], string]>([
    ['an allow list extends one', allow('test', 'service'), allow('code'), 'message code test service'],
    ['a deny list extends one', deny('test'), deny('code'), 'message service'],
    [
      'an allow list replaces a deny list',
      deny('test', 'service'),
      allow('code', 'test'),
      'message code test',
    ],
    ['a deny list replaces an allow list', allow('code'), deny('test', 'service'), 'message code'],
    ['an allow list without the name shows none', deny('code', 'test'), allow('service'), 'message service'],
  ])('%s', (_what, all, products, expected) => {
    expect(shown(all, products)).toBe(expected);
  });

  test.each<[string, ExposureSettings['all'], ExposureSettings['subgraphs'][string], string]>([
    ['an inherited allow list', allow('code', 'test'), { exclude_global_keys: ['test'] }, 'message code'],
    [
      'an inherited deny list',
      deny('code', 'test'),
      { exclude_global_keys: ['code'] },
      'message code service',
    ],
    [
      'an allow list that is extended',
      allow('code', 'test'),
      { allow_extensions_keys: ['service'], exclude_global_keys: ['test', 'service'] },
      'message code service',
    ],
    [
      'a deny list that is extended',
      deny('code', 'test'),
      { deny_extensions_keys: ['service'], exclude_global_keys: ['code'] },
      'message code',
    ],
  ])('take out of %s what `exclude_global_keys` names', (_what, all, products, expected) => {
    expect(shown(all, products)).toBe(expected);
  });
});
