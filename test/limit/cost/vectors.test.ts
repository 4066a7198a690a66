import { describe, expect, test } from '@jest/globals';
import { planCost } from '../../../gateway/limit/cost/planCost.ts';
import { type CostCase, costOf, schemaOf } from './costOf.ts';
import { CUSTOM_COSTS, customCostsQuery } from './customCosts.ts';

/** Source: Apollo Router documentation, "Demand control". */
const BOOKS = /* GraphQL */ `
  type Query {
    book(id: ID): Book
    bestsellers: [Book] @listSize(assumedSize: 5)
    newestAdditions(after: ID, limit: Int!): [Book] @listSize(slicingArguments: ["limit"])
  }
  type Book { title: String author: Author publisher: Publisher }
  type Author { name: String }
  type Publisher { name: String address: Address }
  type Address { zipCode: Int! }
`;
const DEAR_ADDRESS = BOOKS.replace('type Address', 'type Address @cost(weight: 5)');
const BOOK = '{ title author { name } publisher { name address { zipCode } } }';

/** Source: tests of Apollo Router, `static_cost.rs`, in our own words. */
const BASIC = /* GraphQL */ `
  type Query {
    a: ID
    b: Int
    object: Obj
    interface: Int1
    union: Uni
    objects: [Obj]
    numbers: [Int]
    scalarByArgs(args: Outer): Int
    objectsByArgs(args: Outer): [Obj]
    someObjects: [Obj]
  }
  type Mutation { doSomething: Int }
  type Obj implements Int1 { id: ID inner: [Obj] }
  interface Int1 { id: ID }
  type Other { name: String }
  union Uni = Obj | Other
  input Outer { inner: Inner listOfInner: [Inner!] }
  input Inner { id: ID }
`;

const SLICED = /* GraphQL */ `
  type Query {
    itemsByIds(ids: [ID!]): [Item]
      @listSize(slicingArguments: ["ids"], assumedSize: 50, requireOneSlicingArgument: false)
    search(input: SearchInput): [Item] @listSize(slicingArguments: ["input.pagination.first"])
    deeplyNested(input: Deep): [Item] @listSize(slicingArguments: ["input.level1.level2.count"])
    containerWithNestedList(first: Int): Container
      @listSize(slicingArguments: ["first"], sizedFields: ["page"])
    deepContainer(first: Int): DeepContainer
      @listSize(slicingArguments: ["first"], sizedFields: ["results { page }"])
  }
  type Item { id: ID }
  type Container { page: [Item] metadata: String }
  type DeepContainer { results: Results total: Int }
  type Results { page: [Item] }
  input SearchInput { pagination: Pagination }
  input Pagination { first: Int }
  input Deep { level1: Level1 }
  input Level1 { level2: Level2 }
  input Level2 { count: Int }
`;

/** `Ship.registrationFee` requires a list of another subgraph. */
const SHIPS = /* GraphQL */ `
  schema @link(url: "https://specs.apollo.dev/join/v0.5") { query: Query }
  type Query { ships: [Ship!]! }
  type Ship {
    name: String
    owner: User!
    registrationFee: Float
      @join__field(graph: VEHICLES, requires: "owner { addresses { zipCode } }")
  }
  type User { addresses: [Address] }
  type Address { zipCode: Int }
`;

const ARGS = '(args: { inner: { id: 1 }, listOfInner: [{ id: 2 }, { id: 3 }] })';

const vectors: readonly (readonly [string, number, CostCase])[] = [
  ['four objects', 4, { sdl: BOOKS, query: `query BookQuery { book(id: 1) ${BOOK} }` }],
  ['an address of weight 5', 8, { sdl: DEAR_ADDRESS, query: `{ book(id: 1) ${BOOK} }` }],
  ['an assumed size', 40, { sdl: DEAR_ADDRESS, query: `{ bestsellers ${BOOK} }` }],
  ['a slicing argument of 3', 24, { sdl: DEAR_ADDRESS, query: `{ newestAdditions(limit: 3) ${BOOK} }` }],
  ['a slicing argument of 7', 56, { sdl: DEAR_ADDRESS, query: `{ newestAdditions(limit: 7) ${BOOK} }` }],
  ['two scalars', 0, { sdl: BASIC, query: '{ a b }' }],
  ['a mutation', 10, { sdl: BASIC, query: 'mutation { doSomething }' }],
  ['an object', 1, { sdl: BASIC, query: '{ object { id } }' }],
  ['an interface', 1, { sdl: BASIC, query: '{ interface { id } }' }],
  ['a union', 1, { sdl: BASIC, query: '{ union { ... on Obj { id } } }' }],
  ['a list of objects', 100, { sdl: BASIC, query: '{ objects { id } }' }],
  ['a list of numbers', 0, { sdl: BASIC, query: '{ numbers }' }],
  ['lists in a list', 10_100, { sdl: BASIC, query: '{ objects { inner { id } } }' }],
  ['input objects', 4, { sdl: BASIC, query: `{ scalarByArgs${ARGS} }` }],
  ['input objects of a list, not multiplied', 104, { sdl: BASIC, query: `{ objectsByArgs${ARGS} { id } }` }],
  ['a field that is skipped', 0, { sdl: BASIC, query: '{ someObjects @skip(if: true) { id } }' }],
  ['a field that is not included', 0, { sdl: BASIC, query: '{ someObjects @include(if: false) { id } }' }],
  ['every kind of weight', 127, { sdl: CUSTOM_COSTS, query: customCostsQuery('(first: 5)') }],
  ['every kind of weight, and a default', 132, { sdl: CUSTOM_COSTS, query: customCostsQuery('') }],
  [
    'every kind of weight, and a variable',
    127,
    {
      sdl: CUSTOM_COSTS,
      query: `query($n: Int) ${customCostsQuery('(first: $n)')}`,
      variables: { n: 5 },
    },
  ],
  ['the length of a list', 3, { sdl: SLICED, query: '{ itemsByIds(ids: ["a", "b", "c"]) { id } }' }],
  ['an empty list', 0, { sdl: SLICED, query: '{ itemsByIds(ids: []) { id } }' }],
  ['null for a list', 50, { sdl: SLICED, query: '{ itemsByIds(ids: null) { id } }' }],
  [
    'a nested slicing argument',
    12,
    { sdl: SLICED, query: '{ search(input: { pagination: { first: 10 } }) { id } }' },
  ],
  [
    'a deeply nested slicing argument',
    18,
    { sdl: SLICED, query: '{ deeplyNested(input: { level1: { level2: { count: 15 } } }) { id } }' },
  ],
  [
    'a sized field',
    6,
    { sdl: SLICED, query: '{ containerWithNestedList(first: 5) { page { id } metadata } }' },
  ],
  [
    'a path to a sized field',
    9,
    { sdl: SLICED, query: '{ deepContainer(first: 7) { results { page { id } } } }' },
  ],
  ['a size that no list has', 1, { sdl: SLICED, query: '{ deepContainer(first: 100) { total } }' }],
  ['a field that requires others', 10_200, { sdl: SHIPS, query: '{ ships { name registrationFee } }' }],
];

/** Source: the published numbers of Apollo Router's demand control. */
describe('cost: published vectors', () => {
  test.each(vectors)('%s: %d', (_what, expected, given) => {
    expect(costOf(given)).toBe(expected);
  });
});

/** Source: @graphql-hive/gateway-runtime 2.12.1, which counts each of these otherwise. */
describe('cost: what another gateway counts wrongly', () => {
  const sdl = /* GraphQL */ `
    type Query {
      nl: [U]
      nn: [U!]!
      both: [U] @cost(weight: 3)
      first(n: Int): [U] @listSize(slicingArguments: ["n"], assumedSize: 50)
      deep(page: Page): [U] @listSize(slicingArguments: ["page.first"])
      byIds(ids: [ID!]!): [U] @listSize(slicingArguments: ["ids"])
    }
    type Mutation { m: Int }
    type U @cost(weight: 2) { n: Int }
    input Page { first: Int }
  `;
  const cases: readonly (readonly [string, number, string])[] = [
    ['a list that may be null', 20, '{ nl { n } }'],
    ['a list that may not', 20, '{ nn { n } }'],
    ['a mutation', 10, 'mutation { m }'],
    ['weights of field and type, which do not add', 30, '{ both { n } }'],
    ['a slicing argument of 0', 0, '{ first(n: 0) { n } }'],
    ['a nested slicing argument', 7, '{ deep(page: { first: 3 }) { n } }'],
    ['the length of a list', 4, '{ byIds(ids: ["a", "b"]) { n } }'],
  ];

  test.each(cases)('%s: %d', (_what, expected, query) => {
    expect(costOf({ sdl, query, listSize: 10 })).toBe(expected);
  });
});

describe('cost: a plan', () => {
  test('of a field that requires others: 10400', () => {
    // Source: the same numbers; three fetches as a planner writes them
    const cost = planCost(
      {
        kind: 'sequence',
        nodes: [
          { kind: 'root', subgraph: 'vehicles', operation: '{ ships { name owner { __typename } } }' },
          {
            kind: 'entities',
            subgraph: 'users',
            operation:
              'query($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { addresses { zipCode } } } }',
          },
          {
            kind: 'entities',
            subgraph: 'vehicles',
            operation:
              'query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Ship { registrationFee } } }',
          },
        ],
      },
      schemaOf(SHIPS),
      { listSizeOf: () => 100 },
    );
    const costs = cost({ variables: {}, coerced: {} });
    expect([costs, Object.values(costs).reduce((one, other) => one + other)]).toEqual([
      { vehicles: 300, users: 10_100 },
      10_400,
    ]);
  });
});
