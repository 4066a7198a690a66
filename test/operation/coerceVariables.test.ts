import { describe, expect, test } from '@jest/globals';
import { buildSchema, getVariableValues, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { coerceVariables } from '../../gateway/operation/coerceVariables.ts';

const schema = buildSchema(/* GraphQL */ `
  scalar JSON
  enum Color { RED GREEN }
  input Filter { name: String!, size: Int = 7, all: [Filter!], color: Color }
  type Query { a(f: Filter): Int }
`);

function definitionsOf(head: string): NonNullable<OperationDefinitionNode['variableDefinitions']> {
  const [operation] = parse(`query(${head}) { a }`).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? (operation.variableDefinitions ?? []) : [];
}

const coerce = (head: string, variables: Record<string, unknown>) =>
  coerceVariables({ schema, definitions: definitionsOf(head), variables, hidesSuggestions: false });

// the expected values are graphql-js's own
const cases: readonly [string, Record<string, unknown>][] = [
  ['$a: Int', {}],
  ['$a: Int = 3', {}],
  ['$a: Int = 3', { a: null }],
  ['$a: Int!', {}],
  ['$a: Int!', { a: null }],
  ['$a: Int', { a: 'x' }],
  ['$a: Int', { a: 1.5 }],
  ['$a: Int', { a: Number.POSITIVE_INFINITY }],
  ['$a: [Int!]', { a: 4 }],
  ['$a: [Int!]', { a: [1, null, 'x'] }],
  ['$a: Filter', { a: { name: 'n' } }],
  ['$a: Filter', { a: { name: 'n', all: [{ name: 'm', color: 'RED' }] } }],
  ['$a: Filter', { a: { nam: 'n', size: 'big', color: 'BLUE' } }],
  ['$a: Filter', { a: [] }],
  ['$a: Filter', { a: {} }],
  ['$a: JSON', { a: { any: [{ thing: {} }] } }],
  ['$a: Int, $b: Int!', { a: 1, b: 2, c: 3 }],
  ['$constructor: Int', {}],
];

describe('operation: coercion of variables', () => {
  test.each(cases)('of (%s) for %j is that of graphql-js', (head, variables) => {
    const theirs = getVariableValues(schema, definitionsOf(head), variables);
    const ours = coerce(head, variables);
    expect({
      coerced: ours.coerced === undefined ? undefined : { ...ours.coerced },
      errors: ours.errors?.map(({ message, locations }) => ({ message, locations })),
    }).toEqual({
      coerced: theirs.coerced === undefined ? undefined : { ...theirs.coerced },
      errors: theirs.errors?.map(({ message, locations }) => ({ message, locations })),
    });
  });

  test('has no value that comes of a prototype', () => {
    const { coerced } = coerce('$__proto__: JSON', JSON.parse('{ "__proto__": { "isAdmin": true } }'));
    expect([Object.keys(coerced ?? {}), (coerced as { isAdmin?: boolean }).isAdmin]).toEqual([
      ['__proto__'],
      undefined,
    ]);
  });

  test('stops after twenty errors, and says so', () => {
    const { errors } = coerce('$a: [Int!]', { a: Array.from({ length: 1000 }, () => 'x') });
    expect([errors?.length, errors?.at(-1)?.message]).toEqual([
      21,
      'Too many errors processing variables; the rest are not looked at.',
    ]);
  });

  test.each([
    ['a text', 'x'.repeat(500), `"${'x'.repeat(100)}…"`],
    ['a list', Array.from({ length: 11 }, () => 1), '[11 items]'],
    ['an object', Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`k${i}`, 1])), '{ … }'],
  ])('quotes %s that is long in part', (_what, value, quoted) => {
    const { errors } = coerce('$a: Color', { a: value });
    expect(errors?.[0]?.message).toContain(`Variable "$a" got invalid value ${quoted}; `);
  });
});
