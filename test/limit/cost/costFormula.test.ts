import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../gateway/errors.ts';
import { costOf, formulaOf, schemaOf } from './costOf.ts';

const SDL = /* GraphQL */ `
  type Query {
    one(first: Int, last: Int): [Item] @listSize(slicingArguments: ["first", "last"])
    any(first: Int, last: Int): [Item]
      @listSize(slicingArguments: ["first", "last"], assumedSize: 20, requireOneSlicingArgument: false)
    paged(page: Page): Connection
      @listSize(slicingArguments: ["page.first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)
    node: Node
    priced: Priced
    nodes: [Node] @listSize(assumedSize: 2)
    cheaper(by: Int @cost(weight: -20)): Int @cost(weight: 5)
    colors(of: [Color!]): Int
    json(value: JSON): Int
    weighed(of: [Int!] @cost(weight: 2)): Int
    twice: [Item] @listSize(assumedSize: 3) @listSize(assumedSize: 9)
  }
  type Item { id: ID parent: Item }
  input Page { first: Int = 4, color: Color @cost(weight: 3) }
  type Connection { edges: [Item] nodes: [Item] other: [Item] }
  interface Node { id: ID dear: Int items: [Item] }
  type Cheap implements Node { id: ID dear: Int items: [Item] }
  type Dear implements Node @cost(weight: 7) {
    id: ID
    dear: Int @cost(weight: 11)
    items: [Item] @listSize(assumedSize: 6)
  }
  union Priced = Cheap | Dear
  enum Color @cost(weight: 4) { RED }
  scalar JSON @cost(weight: 2)
`;

const cost = (query: string, variables: Record<string, unknown> = {}): number =>
  costOf({ sdl: SDL, query, variables, listSize: 10 });

describe('cost: slicing arguments', () => {
  test.each([
    ['{ one { id } }', {}, 0],
    ['{ one(first: 1, last: 1) { id } }', {}, 2],
    ['query($n: Int) { one(first: $n) { id } }', {}, 0],
    ['query($n: Int) { one(first: $n) { id } }', { n: null }, 0],
    ['query($n: Int, $m: Int) { one(first: $n, last: $m) { id } }', { n: 1, m: 2 }, 2],
  ])('%s with %j is refused where exactly one is required', (query, variables, found) => {
    expect(() => cost(query, variables)).toThrow(
      new GatewayError('COST_QUERY_PARSE_FAILURE', {
        message: `Exactly one slicing argument is required, but found ${found} (one).`,
      }),
    );
  });

  test.each([
    ['{ one(last: 3) { id } }', {}, 3],
    ['query($n: Int = 6) { one(first: $n) { id } }', {}, 6],
    ['query($n: Int = 6) { one(first: $n) { id } }', { n: 2 }, 2],
    ['{ any { id } }', {}, 20],
    ['{ any(first: 3, last: 5) { id } }', {}, 5],
    // some subgraphs take a negative number for "all"
    ['{ any(first: -5) { id } }', {}, 20],
    ['query($n: Int) { any(first: $n) { id } }', { n: -5 }, 20],
    ['{ one(first: -5) { id } }', {}, 10],
    ['{ paged(page: { first: 3 }) { edges { id } nodes { id } } }', {}, 8],
    ['{ paged(page: {}) { edges { id } } }', {}, 6],
    ['query($p: Page) { paged(page: $p) { edges { id } } }', { p: {} }, 6],
    ['query($p: Page) { paged(page: $p) { edges { id } } }', { p: { first: 2 } }, 4],
    ['query($n: Int) { paged(page: { first: $n }) { edges { id } } }', { n: 2 }, 4],
    // nothing sizes it
    ['{ paged(page: { first: 3 }) { other { id } } }', {}, 12],
    ['{ twice { id } }', {}, 9],
  ])('%s with %j: %d', (query, variables, expected) => {
    expect(cost(query, variables)).toBe(expected);
  });
});

describe('cost: arguments', () => {
  test.each([
    ['query($c: [Color!]) { colors(of: $c) }', { c: ['RED', 'RED'] }, 8],
    ['query($c: [Color!]) { colors(of: $c) }', {}, 0],
    ['query($c: [Color!] = [RED]) { colors(of: $c) }', {}, 4],
    ['query($c: Color!) { colors(of: [RED, $c]) }', { c: 'RED' }, 8],
    ['{ json(value: { a: [1, 2] }) }', {}, 2],
    ['query($v: JSON) { json(value: $v) }', { v: { a: 1 } }, 2],
    ['{ weighed(of: [1, 2, 3]) }', {}, 8],
    ['query($p: Page) { paged(page: $p) { other { id } } }', { p: { first: 1, color: 'RED' } }, 15],
    ['query($p: Page) { paged(page: $p) { other { id } } }', { p: null }, 11],
  ])('%s with %j: %d', (query, variables, expected) => {
    expect(cost(query, variables)).toBe(expected);
  });

  test('of a negative weight never make a field cheaper than nothing', () => {
    expect(cost('{ cheaper(by: 1) other: node { id } }')).toBe(7);
  });
});

describe('cost: interfaces and unions', () => {
  test.each([
    // Apollo Router counts 1; whoever asks through an interface or union may get the dearest object
    ['{ node { id } }', 7],
    ['{ priced { __typename } }', 7],
    ['{ node { dear } }', 18],
    ['{ nodes { items { id } } }', 26],
    ['{ nodes { ... on Cheap { items { id } } } }', 34],
  ])('%s: %d', (query, expected) => {
    expect(cost(query)).toBe(expected);
  });
});

describe('cost: what is asked', () => {
  test.each([
    ['{ __typename }', 0, false],
    ['{ __schema { types { fields { name } } } }', 0, false],
    ['query __schema { ...__schema } fragment __schema on Query { twice { id } }', 9, true],
    ['{ ... @skip(if: true) { twice { id } } }', 9, true],
    ['query($v: Boolean!) { twice @skip(if: $v) { id } }', 9, true],
    ['{ a: twice { id } b: twice { id } }', 18, true],
  ])('%s costs %d', (query, expected, asksSubgraphs) => {
    const formula = formulaOf({ sdl: SDL, query, listSize: 10 });
    expect([formula.estimate({ variables: {}, coerced: {} }), formula.asksSubgraphs]).toEqual([
      expected,
      asksSubgraphs,
    ]);
  });
});

describe('cost: the directives of a supergraph', () => {
  const renamed = (link: string, types: string): string =>
    `schema @link(url: "https://specs.apollo.dev/cost/v0.1"${link}) { query: Query } ${types}`;

  test.each([
    [
      'imported by other names',
      renamed(
        ', import: [{ name: "@cost", as: "@price" }, { name: "@listSize", as: "@pageSize" }]',
        'type Query { a: [A] @pageSize(assumedSize: 5) } type A @price(weight: 3) { id: ID }',
      ),
      15,
    ],
    [
      'not imported',
      renamed('', 'type Query { a: [A] @cost__listSize(assumedSize: 5) } type A @cost(weight: 3) { id: ID }'),
      15,
    ],
    [
      'under another name of the specification',
      renamed(
        ', as: "demand"',
        'type Query { a: [A] @demand__listSize(assumedSize: 5) } type A @demand(weight: 3) { id: ID }',
      ),
      15,
    ],
    [
      'of no specification, which are a team’s own',
      'schema @link(url: "https://specs.apollo.dev/join/v0.5") { query: Query } type Query { a: [A] } type A @cost(weight: 3) { id: ID }',
      10,
    ],
  ])('are those %s', (_what, sdl, expected) => {
    expect(costOf({ sdl, query: '{ a { id } }', listSize: 10 })).toBe(expected);
  });

  test('are refused where one entry of sizedFields names two lists', () => {
    const sdl =
      'type Query { a: A @listSize(assumedSize: 5, sizedFields: ["b c"]) } type A { b: [Int] c: [Int] }';
    expect(() => schemaOf(sdl)).toThrow(
      new GatewayError('SUPERGRAPH_INVALID', {
        message: '"b c" in sizedFields of @listSize on Query.a must specify at most one list field per path.',
      }),
    );
  });

  test('may require each other in a circle', () => {
    const sdl = /* GraphQL */ `
      schema @link(url: "https://specs.apollo.dev/join/v0.5") { query: Query }
      type Query { a: A }
      type A {
        b: A @join__field(graph: X, requires: "c { id }")
        c: A @join__field(graph: Y, requires: "b { id }")
        id: ID
      }
    `;
    expect(costOf({ sdl, query: '{ a { b { id } } }' })).toBe(4);
  });
});
