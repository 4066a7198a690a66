import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { FetchedData } from '../../../gateway/limit/cost/actualCost.ts';
import { OperationCosts } from '../../../gateway/limit/cost/operationCosts.ts';
import { type operationOf, schemaOf } from './costOf.ts';
import { CUSTOM_COSTS, customCostsQuery } from './customCosts.ts';

interface ActualCase {
  readonly sdl: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly shared?: readonly unknown[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly keyOf?: FetchedData['keyOf'];
}

function actualCostOf({ sdl, query, variables = {}, data, shared = [], keyOf }: ActualCase): number {
  const document = parse(query);
  const operation = document.definitions.find(({ kind }) => kind === 'OperationDefinition') as ReturnType<
    typeof operationOf
  >;
  const cost = new OperationCosts({ listSize: 100 }).of({ schema: schemaOf(sdl), document, operation });
  return cost.actual(
    { data, keyOf: keyOf ?? ((name, alias) => alias ?? name), shared: new Set(shared) },
    { variables, coerced: variables },
  );
}

const SDL = /* GraphQL */ `
  type Query {
    objects(args: Outer): [Obj]
    obj: Obj
    node: Node
    nodes: [Node]
    dear: [Dear] @cost(weight: 5)
    priced: [Int] @cost(weight: 3)
    grid: [[Obj]]
  }
  type Mutation { doSomething: Int }
  type Obj { id: ID inner: [Obj] by(n: Int @cost(weight: 4)): Int }
  interface Node { id: ID }
  type Cheap implements Node { id: ID }
  type Dear implements Node @cost(weight: 7) { id: ID worth: Int @cost(weight: 11) obj: Obj }
  input Outer { inner: Inner listOfInner: [Inner!] }
  input Inner { id: ID }
`;
const rows = (count: number): unknown[] => Array.from({ length: count }, (_, id) => ({ id }));

/** Source: the published numbers of Apollo Router's demand control. */
describe('cost: actual, published vectors', () => {
  test('every kind of weight, and three rows: 125', () => {
    const data = {
      fieldWithCost: 1,
      argWithCost: 1,
      enumWithCost: 'A',
      inputWithCost: 1,
      scalarWithCost: 1,
      objectWithCost: { id: 1 },
      fieldWithListSize: ['a', 'b'],
      fieldWithDynamicListSize: { items: rows(3) },
    };
    expect(actualCostOf({ sdl: CUSTOM_COSTS, query: customCostsQuery('(first: 5)'), data })).toBe(125);
  });

  test('arguments of a list of three rows: 7', () => {
    const query = '{ objects(args: { inner: { id: 1 }, listOfInner: [{ id: 2 }, { id: 3 }] }) { id } }';
    expect(actualCostOf({ sdl: SDL, query, data: { objects: rows(3) } })).toBe(7);
  });
});

describe('cost: actual', () => {
  const one = { id: 1 };
  // counted by hand
  const cases: readonly (readonly [string, number, Omit<ActualCase, 'sdl'>])[] = [
    ['nulls', 0, { query: '{ obj { id } objects { id } }', data: { obj: null, objects: [null, null] } }],
    ['what is not there', 0, { query: '{ obj { id } }', data: {} }],
    [
      'lists in lists',
      4,
      {
        query: '{ grid { id } }',
        data: {
          grid: [
            [one, one],
            [one, one, null],
          ].slice(0, 2),
        },
      },
    ],
    [
      'lists of objects with lists',
      5,
      { query: '{ objects { inner { id } } }', data: { objects: [{ inner: rows(2) }, { inner: rows(1) }] } },
    ],
    ['weights of leaves', 9, { query: '{ priced }', data: { priced: [1, 2, null] } }],
    ['a field’s weight in place of its type’s', 10, { query: '{ dear { id } }', data: { dear: rows(2) } }],
    [
      'objects of an interface by their types',
      19,
      {
        query: '{ nodes { id ... on Dear { worth } } }',
        data: { nodes: [{ __typename: 'Cheap' }, { __typename: 'Dear', worth: 3 }] },
      },
    ],
    [
      'an object of a type that nobody asked for, as the cheapest',
      1,
      { query: '{ node { id } }', data: { node: one } },
    ],
    ['a mutation', 10, { query: 'mutation { doSomething }', data: { doSomething: 1 } }],
    [
      'one response key selected twice',
      2,
      { query: '{ obj { id } obj { inner { id } } }', data: { obj: { id: 1, inner: rows(1) } } },
    ],
    [
      'arguments, once for each object that has the field',
      10,
      { query: '{ objects { by(n: 1) } }', data: { objects: [{ by: 1 }, { by: 2 }] } },
    ],
    [
      'aliases by the keys of the engine',
      2,
      {
        query: '{ mine: obj { id } theirs: obj { id } }',
        data: { _mine: one, _theirs: one, mine: rows(9) },
        keyOf: (name, alias) => (alias === undefined ? name : `_${alias}`),
      },
    ],
    ['keys of every object’s prototype', 0, { query: '{ constructor: obj { id } }', data: {} }],
  ];

  test.each(cases)('of %s: %d', (_what, expected, given) => {
    expect(actualCostOf({ sdl: SDL, ...given })).toBe(expected);
  });

  test('of what stands at many places is counted at each, and walked once', () => {
    let reads = 0;
    const leaf = {
      get inner(): unknown {
        reads += 1;
        return rows(10);
      },
    };
    const objects = Array.from({ length: 1000 }, () => leaf);
    const query = '{ objects { inner { id } } }';
    expect([actualCostOf({ sdl: SDL, query, data: { objects }, shared: [leaf] }), reads]).toEqual([
      11_000, 1,
    ]);
  });
});
