import { describe, expect, test } from '@jest/globals';
import { buildSchema, execute, type GraphQLError, type GraphQLFieldResolver } from 'graphql';
import type { DataObject } from '../../gateway/execute/data.ts';
import { privateAliasesFor } from '../../gateway/operation/privateAliases.ts';
import { compileProjection } from '../../gateway/respond/projection.ts';
import type { SerializedData } from '../../gateway/respond/serializedData.ts';
import { type Random, seededRandom } from '../differential/random.ts';
import { operationOf } from '../operation/operationOf.ts';

const schema = buildSchema(`
  type Query { item: Item items: [Item] sure: [Item!]! thing: Thing node: Node! name: String grid: [[Int!]!] }
  interface Node { id: ID! }
  interface Item implements Node { id: ID! name: String other: Item size: Size }
  type Product implements Item & Node { id: ID! name: String other: Item size: Size price: Int! tags: [String!] }
  type Service implements Item & Node { id: ID! name: String other: Item! size: Size! hours: Float }
  union Thing = Product | Service
  enum Size { SMALL LARGE }
`);
const aliases = privateAliasesFor(schema, new Set());

interface Answer {
  readonly data: string;
  readonly errorPaths: readonly unknown[];
}

const none = { failed: new Set<DataObject>(), shared: new Set(), introspection: undefined };
const textOf = (data: SerializedData | undefined): string => data?.bytes.toString('utf8') ?? 'null';

/** All objects and lists: a hint that is wrong of each, and must change nothing. */
function shared(data: unknown, found = new Set<unknown>()): ReadonlySet<unknown> {
  if (typeof data !== 'object' || data === null || found.has(data)) return found;
  found.add(data);
  for (const value of Object.values(data)) shared(value, found);
  return found;
}

function projected(
  text: string,
  data: DataObject,
  variables: Readonly<Record<string, boolean>> = {},
): Answer {
  const { operation, fragments } = operationOf(text);
  const conditions = new Map(Object.entries(variables));
  const project = compileProjection({
    schema,
    operation,
    fragments,
    aliases,
    interfaceObjects: new Set(),
    isKnown: () => false,
    conditions,
  });
  const errors: GraphQLError[] = [];
  const written = textOf(
    project({ data, errors, failed: new Set(), shared: shared(data), introspection: undefined }),
  );
  return { data: written, errorPaths: errors.map(({ path }) => path) };
}

/** graphql-js on the same data: its resolver reads the key that the value of a field has there. */
const fieldResolver: GraphQLFieldResolver<DataObject, unknown> = (
  source,
  _arguments,
  _context,
  { fieldName, path },
) => {
  const key = aliases.keyOf(fieldName, String(path.key));
  return Object.hasOwn(source, key) ? source[key] : undefined;
};

function executed(
  text: string,
  rootValue: DataObject,
  variableValues: Readonly<Record<string, boolean>> = {},
): Answer {
  const { document } = operationOf(text);
  const typeResolver = (value: unknown): string => String((value as DataObject).__typename);
  const result = execute({ schema, document, rootValue, variableValues, fieldResolver, typeResolver });
  if (result instanceof Promise) throw new Error('Nothing here waits.');
  return { data: JSON.stringify(result.data), errorPaths: (result.errors ?? []).map(({ path }) => path) };
}

const operations: readonly string[] = [
  '{ name items { __typename id name ... on Product { price tags } ... on Service { hours } } }',
  '{ thing { ... on Item { id size } ... on Product { x: name tags } } thing { ... on Service { hours } __typename } }',
  '{ sure { ...F } node { id ... on Item { ...F } } } fragment F on Item { other { id other { name } } name size }',
  '{ a: items { id } items { y: name id } a: items { name ... { kind: __typename } } grid g: grid }',
  'query ($v: Boolean!, $w: Boolean!) { item @skip(if: $v) { id } ... @include(if: $w) { item { name size } } items { id @include(if: $v) ...F @skip(if: $w) } } fragment F on Product { price @skip(if: $v) tags }',
  '{ item { other { ... on Service { other { size } } ... on Product { other { size ... on Product { price } } } } } }',
];

/** Data under every key that the operations read, with nulls, absent keys and values of wrong types here and there. */
class RandomData {
  readonly #random: Random;
  readonly #lists: unknown[][] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  query(): DataObject {
    return this.#object({
      item: () => this.#item(3),
      items: () => this.#items(),
      _t_a: () => this.#items(),
      sure: () => this.#items(),
      thing: () => this.#item(3),
      node: () => this.#item(3),
      name: () => this.#leaf('Tea'),
      grid: () => [[1, 2], [this.#leaf(3)], this.#leaf(4), []],
      _t_g: () => [[1]],
    });
  }

  #item(depth: number): unknown {
    const typename = this.#random.below(12) === 0 ? 'Query' : this.#random.pick(['Product', 'Service']);
    const item = this.#object({
      id: () => this.#leaf('i'),
      name: () => this.#leaf('Tea'),
      _t_x: () => this.#leaf('x'),
      _t_y: () => this.#leaf('y'),
      size: () => this.#leaf(this.#random.pick(['SMALL', 'LARGE'])),
      price: () => this.#leaf(3),
      hours: () => this.#leaf(1.5),
      tags: () => [this.#leaf('a'), this.#leaf('b')],
      other: () => (depth === 0 ? null : this.#item(depth - 1)),
    });
    return this.#random.below(10) === 0 ? null : { ...item, __typename: typename };
  }

  /** A list now and then is one that stands elsewhere too, as the lists of entities that are asked for once. */
  #items(): unknown {
    if (this.#random.below(20) === 0) return this.#random.pick([null, 'none', {}, 7]);
    if (this.#lists.length > 0 && this.#random.below(2) === 0) return this.#random.pick(this.#lists);
    const list = Array.from({ length: this.#random.below(4) }, () => this.#item(2));
    this.#lists.push(list);
    return list;
  }

  #leaf(value: unknown): unknown {
    if (this.#random.below(10) > 0) return value;
    return this.#random.pick([null, undefined, 7, 'other', true, {}, ['x']]);
  }

  #object(fields: Readonly<Record<string, () => unknown>>): DataObject {
    const entries = Object.entries(fields).filter(() => this.#random.below(15) > 0);
    return Object.fromEntries(entries.map(([key, value]) => [key, value()]));
  }
}

describe('respond: the projection', () => {
  test.each(operations)('is what graphql-js makes of random data: %s', (text) => {
    const different: unknown[] = [];
    for (let seed = 0; seed < 300; seed += 1) {
      const data = new RandomData(seed).query();
      const variables = { v: seed % 2 === 0, w: seed % 3 === 0 };
      const [ours, theirs] = [projected(text, data, variables), executed(text, data, variables)];
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) different.push({ seed, ours, theirs });
    }
    expect(different).toEqual([]);
  });

  test('writes keys in the order of the selections, merged fields at the first of them', () => {
    const data = { name: 'n', item: { __typename: 'Product', id: '1', name: 'Tea', size: 'SMALL' } };
    expect(projected('{ item { size } name item { id ... on Item { name } } }', data).data).toBe(
      '{"item":{"size":"SMALL","id":"1","name":"Tea"},"name":"n"}',
    );
  });

  test('does not take what objects inherit for data', () => {
    const inherited = buildSchema('type Query { constructor: String toString: String name: String }');
    const { operation, fragments } = operationOf('{ constructor toString name }');
    const project = compileProjection({
      schema: inherited,
      operation,
      fragments,
      aliases: privateAliasesFor(inherited, new Set()),
      interfaceObjects: new Set(),
      isKnown: () => false,
      conditions: new Map(),
    });
    const answer = {
      errors: [],
      failed: new Set<DataObject>(),
      shared: new Set(),
      introspection: undefined,
    };
    expect([
      textOf(project({ ...answer, data: {} })),
      textOf(project({ ...answer, data: JSON.parse('{"toString":"x"}') })),
    ]).toEqual([
      '{"constructor":null,"toString":null,"name":null}',
      '{"constructor":null,"toString":"x","name":null}',
    ]);
  });

  test('writes an interface object as its interface where nobody asks for its type', () => {
    const { operation, fragments } = operationOf('{ items { name } }');
    const project = compileProjection({
      schema,
      operation,
      fragments,
      aliases,
      interfaceObjects: new Set(['Item']),
      isKnown: () => false,
      conditions: new Map(),
    });
    const errors: GraphQLError[] = [];
    const data = { items: [{ __typename: 'Item', name: 'Tea' }, { name: 'Cup' }] };
    expect([textOf(project({ ...none, data, errors })), errors]).toEqual([
      '{"items":[{"name":"Tea"},{"name":"Cup"}]}',
      [],
    ]);
  });

  test('tells nothing of what a failed fetch did not bring', () => {
    const product: DataObject = { __typename: 'Product', id: '1' };
    const { operation, fragments } = operationOf('{ item { id ... on Product { price } } name }');
    const conditions = new Map<string, boolean>();
    const project = compileProjection({
      schema,
      operation,
      fragments,
      aliases,
      interfaceObjects: new Set(),
      isKnown: () => false,
      conditions,
    });
    const errors: GraphQLError[] = [];
    const data = { item: product, name: 'n' };
    expect([textOf(project({ ...none, data, errors, failed: new Set([product]) })), errors]).toEqual([
      '{"item":null,"name":"n"}',
      [],
    ]);
  });

  test('an explicit null of a failed object is a violation of its own', () => {
    const product: DataObject = { __typename: 'Product', id: null };
    const { operation, fragments } = operationOf('{ item { id } }');
    const conditions = new Map<string, boolean>();
    const project = compileProjection({
      schema,
      operation,
      fragments,
      aliases,
      interfaceObjects: new Set(),
      isKnown: () => false,
      conditions,
    });
    const errors: GraphQLError[] = [];
    project({ ...none, data: { item: product }, errors, failed: new Set([product]) });
    expect(errors.map(({ message, path }) => [message, path])).toEqual([
      ['Cannot return null for non-nullable field Product.id.', ['item', 'id']],
    ]);
  });
});
