import { describe, expect, test } from '@jest/globals';
import { parseConfigText } from '../../../gateway/supergraph/config/parseConfigText.ts';

const problem = (text: string): string | undefined => parseConfigText(text).problems[0]?.message;

describe('parseConfigText', () => {
  test.each([
    ['a byte order mark', '\uFEFFa: 1', { a: 1 }],
    ['JSON with tabs', '{\n\t"a": [\n\t\t1\n\t]\n}', { a: [1] }],
    ['an empty file', '', null],
    ['a list', '- a', ['a']],
    ['brackets in a block scalar', `a: |\n  ${'['.repeat(200)}\nb: 1`, { a: `${'['.repeat(200)}\n`, b: 1 }],
    ['an alias', 'a: &x {k: v}\nb: *x', { a: { k: 'v' }, b: { k: 'v' } }],
    [
      'a merge key, which stays a key',
      'a: &x {k: v}\nb: {<<: *x}',
      { a: { k: 'v' }, b: { '<<': { k: 'v' } } },
    ],
    ['words that only YAML 1.1 takes for booleans', 'a: yes', { a: 'yes' }],
    ['a tag', 'a: !!binary aGVsbG8=', { a: 'aGVsbG8=' }],
  ])('reads %s', (_, text, value) => {
    expect(parseConfigText(text)).toEqual({ value, problems: [] });
  });

  // Lines and columns counted by hand.
  test.each([
    ['a duplicate key', 'a: 1\nb: 2\na: 3', 'Map keys must be unique: "a" stands twice at line 3, column 1'],
    ['keys equal as text', '1: a\n"1": b', 'Map keys must be unique: "1" stands twice at line 2, column 1'],
    ['a tab as indentation', 'a:\n\tb: 1', 'Tabs are not allowed as indentation at line 2, column 1'],
    ['a key that is a list', '? [a]\n: b', 'A key must be a scalar at line 1, column 3'],
    [
      'a second document',
      'a: 1\n---\nb: 2',
      'The file holds more than one YAML document at line 2, column 1',
    ],
    ['an unknown alias', 'a: *x', 'Unresolved alias: no anchor before it is named x at line 1, column 4'],
    ['an anchor in itself', 'a: &x [*x]', 'The anchor x contains itself at line 1, column 8'],
  ])('refuses %s', (_, text, message) => {
    expect(problem(text)).toBe(message);
  });

  // Each of these overflows the stack of the parser, the first beyond what a catch can see.
  test.each([
    ['brackets', '['.repeat(100_000)],
    ['dashes', '- '.repeat(10_000)],
    ['explicit keys', '? '.repeat(10_000)],
    ['indented keys', Array.from({ length: 900 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['keys after a broken flow collection', `a: [\n${'b: '.repeat(100_000)}]`],
  ])('refuses deeply nested %s', (_, text) => {
    expect(problem(text)).toBe('the file is nested deeper than 64 levels');
  });

  test('reads 20 nested levels of either style', () => {
    const block = Array.from({ length: 20 }, (_, level) => `${'  '.repeat(level)}a:`).join('\n');
    expect(problem(block)).toBeUndefined();
    expect(problem(`${'['.repeat(20)}${']'.repeat(20)}`)).toBeUndefined();
  });

  test('refuses aliases that multiply', () => {
    const levels = ['a: &a [x,x,x,x,x,x,x,x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de'])
      levels.push(`${to}: &${to} [${`*${from},`.repeat(8)}]`);
    expect(problem(levels.join('\n'))).toBe('Excessive alias count indicates a resource exhaustion attack');
  });

  test('refuses more than a megabyte', () => {
    expect(problem(`a: ${'x'.repeat(1_000_000)}`)).toBe('the file is larger than 1000000 bytes');
  });

  test('keeps a key called __proto__ as data', () => {
    const { value } = parseConfigText('__proto__: {polluted: true}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":true}}');
  });
});
