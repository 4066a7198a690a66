import { describe, expect, test } from '@jest/globals';
import { Kind, parse, print } from 'graphql';
import { conditionVariablesOf, withConditions } from '../../gateway/operation/appliedConditions.ts';

const document = parse(`
  query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!) {
    x @skip(if: $a) @include(if: true) @tag(if: $d)
    ... @include(if: $b) { y(if: $c) }
    ...F
  }
  fragment F on Query { z @include(if: $a) @skip(if: $c) }
`);
const [operation, fragment] = document.definitions;
if (operation?.kind !== Kind.OPERATION_DEFINITION || fragment?.kind !== Kind.FRAGMENT_DEFINITION)
  throw new Error('The document has changed.');

describe('operation: conditions', () => {
  test('are the variables of @skip and @include, those of fragments among them', () => {
    expect(conditionVariablesOf(operation, document)).toEqual(['a', 'b', 'c']);
  });

  test('take their values, and nothing else does', () => {
    const conditions = new Map([
      ['a', true],
      ['b', false],
      ['d', true],
    ]);
    expect(print(withConditions(operation, conditions)).replaceAll(/\s+/g, ' ')).toBe(
      'query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!) { x @skip(if: true) @include(if: true) @tag(if: $d) ... @include(if: false) { y(if: $c) } ...F }',
    );
    expect(print(withConditions(fragment, conditions)).replaceAll(/\s+/g, ' ')).toBe(
      'fragment F on Query { z @include(if: true) @skip(if: $c) }',
    );
  });
});
