import { describe, expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import { rootFieldsOneByOne } from '../../gateway/operation/rootFieldsOneByOne.ts';
import { operationOf } from './operationOf.ts';

describe('operation: root fields one by one', () => {
  test.each([
    ['mutation { a b }', ['mutation { a }', 'mutation { b }']],
    ['mutation { x: a b y: a }', ['mutation { x: a }', 'mutation { b }', 'mutation { y: a }']],
    ['mutation { a { x } b a { y } }', ['mutation { a { x } a { y } }', 'mutation { b }']],
    ['mutation { ... on Mutation { a b } }', ['mutation { ... { a } }', 'mutation { ... { b } }']],
    ['mutation { ... { ... { a } } a }', ['mutation { ... { ... { a } } a }']],
    [
      'mutation M($v: Boolean!) { b ... @include(if: $v) { a ...F @skip(if: $v) } }',
      [
        'mutation M($v: Boolean!) { b }',
        'mutation M($v: Boolean!) { ... @include(if: $v) { a } }',
        'mutation M($v: Boolean!) { ... @include(if: $v) { ... @skip(if: $v) { c } } }',
      ],
    ],
  ])('%s', (text, expected) => {
    const { operation, fragments } = operationOf(`${text} fragment F on Mutation { c }`);
    expect(rootFieldsOneByOne(operation, fragments).map(print)).toEqual(
      expected.map((each) => print(parse(each))),
    );
  });
});
