import { describe, expect, test } from '@jest/globals';
import { nestsDeeper, valueNestsDeeper } from '../../gateway/limit/nesting.ts';

describe('limit: nesting of a text', () => {
  const braces = (levels: number): string => '{a'.repeat(levels) + '}'.repeat(levels);

  test.each([
    ['selection sets', braces(6)],
    ['lists', `{a(b:${'['.repeat(6)}${']'.repeat(6)})}`],
    ['objects in lists', '{a(b:[{c:[{d:[{e:1}]}]}])}'],
    ['list types', `query($v:${'['.repeat(6)}Int${']'.repeat(6)}){a}`],
    ['selection sets that never end', '{a'.repeat(6)],
    ['what follows a string', `{a(b:"}}}}")${'{a'.repeat(6)}`],
    ['what follows a comment', `{a #}}}}}\n${'{a'.repeat(6)}`],
    ['what follows a string that does not end on its line', `"\n${'{a'.repeat(6)}`],
  ])('of %s counts', (_what, text) => {
    expect(nestsDeeper(text, 5)).toBe(true);
  });

  test.each([
    ['as deep as is allowed', braces(5)],
    ['wide', '{a{b}c{d}e{f}g{h}i{j}k{l}m{n}}'],
    ['of brackets in a string', '{a(b:"{{{{{{{{{{ \\" {{{{{{{{{{")}'],
    ['of brackets in a block string', '{a(b:"""{{{{{{{ \\""" {{{{{{{ " {{{{{{""")}'],
    ['of brackets in a comment', '{a #{{{{{{{{{{{\r}'],
    ['of a block string that does not end', '{a(b:"""{{{{{{{{{{{{{'],
  ])('that is %s is allowed', (_what, text) => {
    expect(nestsDeeper(text, 5)).toBe(false);
  });
});

describe('limit: nesting of a value', () => {
  const lists = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

  test('counts lists and objects', () => {
    expect([
      valueNestsDeeper(lists(5), 5),
      valueNestsDeeper(lists(6), 5),
      valueNestsDeeper({ a: [{ b: [{ c: 1 }] }] }, 5),
      valueNestsDeeper({ a: [{ b: [{ c: [] }] }] }, 5),
      valueNestsDeeper('text', 0),
      valueNestsDeeper(undefined, 0),
    ]).toEqual([false, true, false, true, false, false]);
  });

  test('stops at the limit of a value that would exhaust the stack', () => {
    expect(valueNestsDeeper(lists(200_000), 200)).toBe(true);
  });
});
