import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { cloneData, type DataObject, isEqualData, mergeInto, valueAt } from '../../gateway/execute/data.ts';
import { TypeHierarchy } from '../../gateway/execute/typeHierarchy.ts';

const types = new TypeHierarchy(
  parse('interface Item { id: ID } type Product implements Item { id: ID } type Query { a: Int }'),
);

function merged(target: unknown, source: unknown): DataObject {
  const into = structuredClone(target) as DataObject;
  mergeInto(into, structuredClone(source) as DataObject, types);
  return into;
}

describe('execute: merging data', () => {
  test.each([
    ['new keys are added', { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['a leaf that is there is replaced', { a: 1 }, { a: 2 }, { a: 2 }],
    [
      'null does not replace what is known',
      { a: 1, b: { c: 1 } },
      { a: null, b: null },
      { a: 1, b: { c: 1 } },
    ],
    ['what is null is replaced', { a: null }, { a: { b: 1 } }, { a: { b: 1 } }],
    ['null is kept where nothing is known', {}, { a: null }, { a: null }],
    ['objects are merged by key', { a: { b: 1 } }, { a: { c: 2 } }, { a: { b: 1, c: 2 } }],
    [
      'lists are merged by place',
      { a: [{ b: 1 }, null] },
      { a: [{ c: 1 }, { c: 2 }] },
      { a: [{ b: 1, c: 1 }, { c: 2 }] },
    ],
    ['a null in a list does not replace what is known', { a: [{ b: 1 }] }, { a: [null] }, { a: [{ b: 1 }] }],
    ['lists of lists too', { a: [[{ b: 1 }]] }, { a: [[{ c: 1 }]] }, { a: [[{ b: 1, c: 1 }]] }],
    [
      'a list of another length replaces the list',
      { a: [{ b: 1 }] },
      { a: [{ c: 1 }, { c: 2 }] },
      { a: [{ c: 1 }, { c: 2 }] },
    ],
    ['values of different kinds: the last one stands', { a: { b: 1 } }, { a: [1] }, { a: [1] }],
  ])('%s', (_name, target, source, expected) => {
    expect(merged(target, source)).toEqual(expected);
  });

  test.each([
    ['an object type takes the place of its interface', 'Item', 'Product', 'Product'],
    ['an interface does not take the place of an object type', 'Product', 'Item', 'Product'],
    ['a type that the supergraph does not have takes no place', 'Product', 'Nothing', 'Product'],
    ['what is no text takes no place', 'Product', 7, 'Product'],
  ])('`__typename`: %s', (_name, known, came, expected) => {
    expect(merged({ __typename: known }, { __typename: came })).toEqual({ __typename: expected });
  });

  test('`__proto__` is left out, at every depth', () => {
    const source = JSON.parse('{"__proto__":{"x":1},"a":{"__proto__":{"y":1},"b":1}}') as DataObject;
    const target: DataObject = { a: {} };
    mergeInto(target, source, types);
    expect([
      JSON.stringify(target),
      target.x,
      (target.a as DataObject).y,
      Object.getPrototypeOf(target),
    ]).toEqual(['{"a":{"b":1}}', undefined, undefined, Object.prototype]);
  });

  test('keys of names that objects inherit are data', () => {
    const target: DataObject = {};
    mergeInto(
      target,
      JSON.parse('{"constructor":{"prototype":{"x":1}},"toString":"t"}') as DataObject,
      types,
    );
    expect([JSON.stringify(target), ({} as DataObject).x]).toEqual([
      '{"constructor":{"prototype":{"x":1}},"toString":"t"}',
      undefined,
    ]);
  });
});

describe('execute: reading data', () => {
  test('finds own keys only', () => {
    const object = JSON.parse('{"toString":1,"a":2}') as DataObject;
    expect(['toString', 'a', 'constructor', '__proto__', 'b'].map((key) => valueAt(object, key))).toEqual([
      1,
      2,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('a copy shares nothing, and lacks `__proto__`', () => {
    const data = JSON.parse('{"a":[{"b":[1,null]}],"__proto__":{"x":1}}') as DataObject;
    const copy = cloneData(data);
    (data.a as unknown[]).push(1);
    expect([JSON.stringify(copy), copy.x]).toEqual(['{"a":[{"b":[1,null]}]}', undefined]);
  });
});

describe('execute: equality of data', () => {
  const parsed = (json: string): unknown => JSON.parse(json);

  test.each([
    ['1', '1'],
    ['"a"', '"a"'],
    ['null', 'null'],
    ['[]', '[]'],
    ['{}', '{}'],
    ['{"a":1,"b":[{"c":null}]}', '{"b":[{"c":null}],"a":1}'],
    ['{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
  ])('%s equals %s', (one, other) => {
    expect(isEqualData(parsed(one), parsed(other))).toBe(true);
  });

  test.each([
    ['1', '"1"'],
    ['null', '{}'],
    ['{}', '[]'],
    ['[]', '{}'],
    ['[1]', '[1,2]'],
    ['{"0":1}', '[1]'],
    ['{"a":1}', '{"a":1,"b":2}'],
    ['{"a":1,"b":2}', '{"a":1}'],
    ['{"a":null}', '{"b":null}'],
    ['{"constructor":null}', '{}'],
    ['{"__proto__":{}}', '{}'],
    ['{"__proto__":{"x":1}}', '{"__proto__":{"x":2}}'],
    ['[{"a":[1]}]', '[{"a":[2]}]'],
  ])('%s does not equal %s', (one, other) => {
    expect([isEqualData(parsed(one), parsed(other)), isEqualData(parsed(other), parsed(one))]).toEqual([
      false,
      false,
    ]);
  });

  test('what is nested very deeply counts as different, and overflows nothing', () => {
    const deep = (): unknown => parsed('['.repeat(100_000) + ']'.repeat(100_000));
    expect(isEqualData(deep(), deep())).toBe(false);
  });
});
