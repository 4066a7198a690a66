import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { DataObject } from '../../gateway/execute/data.ts';
import { compileTargets, targetPaths } from '../../gateway/execute/targets.ts';
import { TypeHierarchy } from '../../gateway/execute/typeHierarchy.ts';
import type { FetchPath, FetchPathStep } from '../../gateway/plan/queryPlan.ts';

const types = new TypeHierarchy(
  parse('interface Item { id: ID } type Product implements Item { id: ID } type Other { id: ID }'),
);
const field = (name: string): FetchPathStep => ({ kind: 'field', name });
const elements: FetchPathStep = { kind: 'elements' };
const of = (...names: string[]): FetchPathStep => ({ kind: 'types', types: names });
const responseKeyOf = (key: string): string => key.replace(/^_t_/, '');

/** What both walks find: they must not differ. */
function found(json: string, path: FetchPath): readonly unknown[] {
  const data = JSON.parse(json) as DataObject;
  const walked: DataObject[] = [];
  compileTargets(path, types)(data, (object) => {
    walked.push(object);
    return undefined;
  });
  const withPaths = targetPaths(data, path, { types, responseKeyOf });
  expect([...withPaths.keys()]).toEqual(walked);
  return Array.from(withPaths, ([{ id }, paths]) => [id, ...paths.map((each) => each.join('.'))]);
}

describe('execute: targets', () => {
  test.each([
    ['the root, by no step', '{"id":0}', [], [[0, '']]],
    ['an object at a field', '{"a":{"id":1}}', [field('a')], [[1, 'a']]],
    ['at the client’s names', '{"_t_x":{"_t_y":{"id":1}}}', [field('_t_x'), field('_t_y')], [[1, 'x.y']]],
    [
      'the elements of a list',
      '{"a":[{"id":1},{"id":2}]}',
      [field('a'), elements],
      [
        [1, 'a.0'],
        [2, 'a.1'],
      ],
    ],
    ['no nulls', '{"a":[null,{"id":2}]}', [field('a'), elements], [[2, 'a.1']]],
    ['no leaves', '{"a":[7,"x",{"id":2},true]}', [field('a'), elements], [[2, 'a.2']]],
    [
      'the elements of lists of lists',
      '{"a":[[{"id":1}],[],[[{"id":2}]]]}',
      [field('a'), elements],
      [
        [1, 'a.0.0'],
        [2, 'a.2.0.0'],
      ],
    ],
    ['an object where a list is expected', '{"a":{"id":1}}', [field('a'), elements], [[1, 'a']]],
    [
      'nothing where a list is, and no elements are meant',
      '{"a":[{"b":{"id":1}}]}',
      [field('a'), field('b')],
      [],
    ],
    [
      'below lists',
      '{"a":[{"b":[{"id":1}]},{"b":null}]}',
      [field('a'), elements, field('b'), elements],
      [[1, 'a.0.b.0']],
    ],
    [
      'objects of a type',
      '{"a":[{"__typename":"Product","id":1},{"__typename":"Other","id":2}]}',
      [field('a'), elements, of('Product')],
      [[1, 'a.0']],
    ],
    [
      'objects of an interface',
      '{"a":[{"__typename":"Product","id":1},{"__typename":"Other","id":2}]}',
      [field('a'), elements, of('Item')],
      [[1, 'a.0']],
    ],
    ['objects whose type nobody asked for', '{"a":{"id":1}}', [field('a'), of('Product')], [[1, 'a']]],
    ['nothing that objects inherit', '{"a":{}}', [field('a'), field('constructor')], []],
    [
      'own keys with inherited names',
      '{"constructor":{"id":1}}',
      [field('constructor')],
      [[1, 'constructor']],
    ],
  ] as const)('are %s', (_name, json, path, expected) => {
    expect(found(json, path)).toEqual(expected);
  });

  test('an object that stands at several places has all their paths', () => {
    const shared: DataObject = { id: 1 };
    const data: DataObject = { a: [{ b: shared }, { b: shared }] };
    const path = [field('a'), elements, field('b')];
    expect(targetPaths(data, path, { types, responseKeyOf }).get(shared)).toEqual([
      ['a', 0, 'b'],
      ['a', 1, 'b'],
    ]);
  });
});
