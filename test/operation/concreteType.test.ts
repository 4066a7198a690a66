import { describe, expect, test } from '@jest/globals';
import { dependsOnType } from '../../gateway/operation/concreteType.ts';
import { operationOf } from './operationOf.ts';

describe('operation: selections that depend on the type of an object', () => {
  test.each([
    ['{ name }', false],
    ['{ name kind: __typename }', true],
    ['{ ... { name } }', false],
    ['{ ... on Item { name } }', false],
    ['{ ... on Item { ... @skip(if: $v) { name __typename } } }', true],
    ['{ ... on Product { name } }', true],
    ['{ ... on Other { name } }', true],
    ['{ ...SameType }', false],
    ['{ ...OtherType }', true],
    ['{ ...Within }', true],
    ['{ other { __typename ... on Product { name } } }', false],
  ])('%s: %s', (text, expected) => {
    const { operation, fragments } = operationOf(`${text}
      fragment SameType on Item { name }
      fragment OtherType on Product { name }
      fragment Within on Item { name ...OtherType }`);
    expect(dependsOnType(operation.selectionSet, 'Item', fragments)).toBe(expected);
  });
});
