import { describe, expect, test } from '@jest/globals';
import { buildSchema, execute, parse, print } from 'graphql';
import { introspectionPart } from '../../gateway/operation/introspectionPart.ts';
import { operationOf } from './operationOf.ts';

function partOf(text: string): string | undefined {
  const { operation, fragments } = operationOf(text);
  const part = introspectionPart(operation, fragments);
  return part === undefined ? undefined : print(part);
}

describe('operation: its introspection', () => {
  test.each(['{ a }', '{ __typename }', '{ ...F } fragment F on Query { a __typename }', '{ ... { a } }'])(
    'there is none in %s',
    (text) => {
      expect(partOf(text)).toBeUndefined();
    },
  );

  test.each([
    ['{ a s: __schema { queryType { name } } }', '{ s: __schema { queryType { name } } }'],
    [
      '{ a ... on Query { b __type(name: "A") { kind } } }',
      '{ ... on Query { __type(name: "A") { kind } } }',
    ],
    [
      'query ($v: Boolean!) { a ... @include(if: $v) { __type(name: "A") { kind } } }',
      'query ($v: Boolean!) { ... @include(if: $v) { __type(name: "A") { kind } } }',
    ],
    [
      'query ($v: Boolean!) { a ...F @skip(if: $v) } fragment F on Query { b __type(name: "A") { kind } }',
      `query ($v: Boolean!) { ... on Query @skip(if: $v) { __type(name: "A") { kind } } }
       fragment F on Query { b __type(name: "A") { kind } }`,
    ],
  ])('it is taken out of %s', (text, expected) => {
    expect(partOf(text)).toBe(print(parse(expected)));
  });

  test('it is executed over fragments of its own', () => {
    const { operation, fragments } = operationOf(
      '{ a __type(name: "Query") { ...T } } fragment T on __Type { name fields { name } }',
    );
    const document = introspectionPart(operation, fragments) ?? parse('{ a }');
    expect(execute({ schema: buildSchema('type Query { a: Int }'), document })).toEqual({
      data: { __type: { name: 'Query', fields: [{ name: 'a' }] } },
    });
  });
});
