import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse, print } from 'graphql';
import { plannedOperation } from '../../gateway/operation/plannedOperation.ts';
import { privateAliasesFor } from '../../gateway/operation/privateAliases.ts';
import { operationOf } from './operationOf.ts';

const schema = buildSchema(`
  type Query { a: Int b(n: Int): Int item: Item thing: Thing product(id: ID): Product places: [Place] }
  type Mutation { a: Int }
  interface Item { id: ID name: String product: Product }
  interface Place { id: ID city: String }
  type House implements Place { id: ID city: String rooms: Int }
  type Product implements Item { id: ID name: String product: Product weight: Int }
  type Service implements Item { id: ID name: String product: Product }
  union Thing = Product | Service
`);

function planned(text: string): string | undefined {
  const { operation, fragments } = operationOf(text);
  const aliases = privateAliasesFor(schema, new Set());
  const result = plannedOperation({
    schema,
    operation,
    fragments,
    aliases,
    interfaceObjects: new Set(['Place']),
  });
  return result === undefined ? undefined : print(parse(result));
}

const tidy = (text: string): string => print(parse(text));

describe('operation: what is planned', () => {
  test.each([
    ['aliases are private', '{ x: a y: product { id: name } }', '{ _t_x: a _t_y: product { _t_id: name } }'],
    ['an alias that is the field’s name is none', '{ a: a }', '{ a }'],
    ['the operation’s name is left out', 'query Named { a }', '{ a }'],
    ['arguments stay', '{ b(n: 1) }', '{ b(n: 1) }'],
    ['a mutation stays one', 'mutation { x: a }', 'mutation { _t_x: a }'],
  ])('%s', (_name, text, expected) => {
    expect(planned(text)).toBe(tidy(expected));
  });

  test.each([
    ['of a root is not asked for', '{ __typename a }', '{ a }'],
    [
      'of an object is not asked for: its type is known',
      '{ product { kind: __typename id } }',
      '{ product { id } }',
    ],
    [
      'is all that is asked for where nothing else is left',
      '{ product { kind: __typename } }',
      '{ product { __typename } }',
    ],
    ['is asked for once of an interface', '{ item { a: __typename name } }', '{ item { __typename name } }'],
    [
      'is asked for of an interface that nobody asked it of',
      '{ item { name } }',
      '{ item { __typename name } }',
    ],
    [
      'is asked for once of a union',
      '{ thing { ... on Product { name __typename } } }',
      '{ thing { __typename ... on Product { name } } }',
    ],
    [
      'is asked for in fragments on abstract types',
      '{ product { ... on Item { name } } }',
      '{ product { ... on Item { __typename name } } }',
    ],
    [
      'of an interface object is not asked for where nothing depends on it',
      '{ places { city } }',
      '{ places { city } }',
    ],
    [
      'of an interface object is asked for where the client does',
      '{ places { kind: __typename city } }',
      '{ places { __typename city } }',
    ],
    [
      'of an interface object is asked for where a fragment depends on it',
      '{ places { ... on House { rooms } } }',
      '{ places { __typename ... on House { rooms } } }',
    ],
  ])('`__typename` %s', (_name, text, expected) => {
    expect(planned(text)).toBe(tidy(expected));
  });

  test.each([
    ['{ a @skip(if: false) b @include(if: true) }', '{ a b }'],
    ['{ a @skip(if: true) b }', '{ b }'],
    ['{ a @include(if: false) b }', '{ b }'],
    ['{ a @include(if: true) @skip(if: true) b }', '{ b }'],
    ['{ ... @include(if: false) { a } b }', '{ b }'],
    ['{ ...F @skip(if: true) b } fragment F on Query { a }', '{ b }'],
    [
      'query ($v: Boolean!) { a @skip(if: $v) @include(if: true) }',
      'query ($v: Boolean!) { a @skip(if: $v) }',
    ],
    ['{ product { id @skip(if: true) } }', '{ product { __typename } }'],
  ])('literal conditions are applied: %s', (text, expected) => {
    expect(planned(text)).toBe(tidy(expected));
  });

  test.each([
    ['introspection', '{ __schema { queryType { name } } a }', '{ a }'],
    [
      'introspection in fragments',
      '{ ... { s: __schema { queryType { name } } } ...F a } fragment F on Query { __type(name: "A") { kind } }',
      '{ a }',
    ],
    ['fragments on the root that nothing is left of', '{ ... on Query { a @skip(if: true) } b }', '{ b }'],
  ])('%s is left out', (_name, text, expected) => {
    expect(planned(text)).toBe(tidy(expected));
  });

  test.each([
    '{ __typename }',
    '{ __schema { types { name } } }',
    '{ a @skip(if: true) }',
    '{ ...F } fragment F on Query { __typename }',
  ])('nothing is planned of %s', (text) => {
    expect(planned(text)).toBeUndefined();
  });

  test('a fragment is rewritten once, and those that are not used are left out', () => {
    expect(
      planned(
        '{ item { ...F product { ...F } } } fragment F on Item { x: name } fragment Unused on Item { id }',
      ),
    ).toBe(
      tidy('{ item { __typename ...F product { ...F } } } fragment F on Item { __typename _t_x: name }'),
    );
  });

  test('variables that planners declare themselves have other names, fragments included', () => {
    expect(
      planned(
        'query ($representations: Int, $id: ID) { x: b(n: $representations) product(id: $id) { ...F } } fragment F on Product { id @skip(if: $representations) }',
      ),
    ).toBe(
      tidy(
        'query ($_t_representations: Int, $id: ID) { _t_x: b(n: $_t_representations) product(id: $id) { ...F } } fragment F on Product { id @skip(if: $_t_representations) }',
      ),
    );
  });

  test('an operation type that the schema does not have is a fault', () => {
    const { operation, fragments } = operationOf('subscription { a }');
    const options = {
      schema,
      operation,
      fragments,
      aliases: privateAliasesFor(schema, new Set()),
      interfaceObjects: new Set<string>(),
    };
    expect(() => plannedOperation(options)).toThrow('The schema has no subscription type.');
  });
});
