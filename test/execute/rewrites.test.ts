import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { applyRewrites } from '../../gateway/execute/rewrites.ts';
import { TypeHierarchy } from '../../gateway/execute/typeHierarchy.ts';
import type { Rewrite, RewriteStep } from '../../gateway/plan/queryPlan.ts';

const types = new TypeHierarchy(
  parse('interface Item { id: ID } type Product implements Item { id: ID } type Other { id: ID }'),
);
const key = (name: string): RewriteStep => ({ kind: 'key', name });
const of = (...names: string[]): RewriteStep => ({ kind: 'types', types: names });
const rename = (name: string, ...path: RewriteStep[]): Rewrite => ({ kind: 'renameKey', path, name });
const set = (value: string, ...path: RewriteStep[]): Rewrite => ({ kind: 'setValue', path, value });

function rewritten(json: string, ...rewrites: Rewrite[]): string {
  const value = JSON.parse(json) as unknown;
  applyRewrites(value, rewrites, types);
  return JSON.stringify(value);
}

describe('execute: rewrites', () => {
  test.each([
    ['a key is renamed', '{"a":1}', rename('b', key('a')), '{"b":1}'],
    ['a key that is not there is not made', '{"c":1}', rename('b', key('a')), '{"c":1}'],
    ['an inherited name is no key', '{}', rename('b', key('constructor')), '{}'],
    ['a null is renamed too', '{"a":null}', rename('b', key('a')), '{"b":null}'],
    ['a value is set', '{"a":1}', set('x', key('a')), '{"a":"x"}'],
    ['further down', '{"o":{"a":1}}', rename('b', key('o'), key('a')), '{"o":{"b":1}}'],
    [
      'in every element of a list',
      '{"o":[{"a":1},null,[{"a":2}]]}',
      rename('b', key('o'), key('a')),
      '{"o":[{"b":1},null,[{"b":2}]]}',
    ],
    ['where a leaf stands, nothing', '{"o":7}', rename('b', key('o'), key('a')), '{"o":7}'],
    [
      'of the type',
      '{"__typename":"Product","a":1}',
      rename('b', of('Product'), key('a')),
      '{"__typename":"Product","b":1}',
    ],
    [
      'of an interface of the type',
      '{"__typename":"Product","a":1}',
      rename('b', of('Item'), key('a')),
      '{"__typename":"Product","b":1}',
    ],
    [
      'not of another type',
      '{"__typename":"Other","a":1}',
      rename('b', of('Item', 'Product'), key('a')),
      '{"__typename":"Other","a":1}',
    ],
    ['not of an unknown type', '{"a":1}', rename('b', of('Product'), key('a')), '{"a":1}'],
  ])('%s', (_name, json, rewrite, expected) => {
    expect(rewritten(json, rewrite)).toBe(expected);
  });

  test('are applied in order', () => {
    expect(rewritten('{"a":1,"b":2}', rename('c', key('a')), rename('a', key('b')))).toBe('{"c":1,"a":2}');
  });
});
