import { describe, expect, test } from '@jest/globals';
import { print } from 'graphql';
import { conditionsOf, directivesOnVariables } from '../../gateway/operation/literalConditions.ts';
import { operationOf } from './operationOf.ts';

/** Both directives must allow a selection: GraphQL specification, §3.13.1 and §3.13.2. */
describe('operation: conditions', () => {
  test.each([
    ['a', false, [], ''],
    ['a @skip(if: true)', true, [], ''],
    ['a @skip(if: false)', false, [], ''],
    ['a @include(if: false) @skip(if: false)', true, [], ''],
    ['a @include(if: $v)', false, [{ name: 'v', value: true }], '@include(if: $v)'],
    [
      'a @skip(if: $v) @include(if: $w) @other',
      false,
      [
        { name: 'v', value: false },
        { name: 'w', value: true },
      ],
      '@skip(if: $v) @include(if: $w)',
    ],
    ['a @skip(if: $v) @include(if: false)', true, [{ name: 'v', value: false }], '@skip(if: $v)'],
    ['... @include(if: false) { a }', true, [], ''],
  ])('of %s', (text, isLeftOut, variables, directives) => {
    const [selection] = operationOf(`{ ${text} }`).operation.selectionSet.selections;
    if (selection === undefined) throw new Error('The text has no selection.');
    expect([conditionsOf(selection), directivesOnVariables(selection).map(print).join(' ')]).toEqual([
      { isLeftOut, variables },
      directives,
    ]);
  });
});
