import { describe, expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import type { Execution } from '../../gateway/execute/execution.ts';
import { compileBody } from '../../gateway/execute/requestBody.ts';
import { privateAliasesFor } from '../../gateway/operation/privateAliases.ts';
import { caller } from './caller.ts';

const aliases = privateAliasesFor(buildSchema('type Query { a: Int }'), new Set());

function bodyOf(
  variables: Readonly<Record<string, unknown>>,
  {
    uses,
    written = '',
    operation = '{a}',
  }: { uses: readonly string[]; written?: string; operation?: string },
): string {
  const execution: Execution = {
    variables,
    caller,
    data: {},
    errors: [],
    failed: new Set(),
    shared: new Set(),
  };
  return compileBody({ operation, variables: uses }, aliases)(execution, written);
}

describe('execute: the body of a request', () => {
  test('has no variables where none is used', () => {
    expect(bodyOf({ v: 1 }, { uses: [] })).toBe('{"query":"{a}"}');
  });

  test('has the variables that are used, and no others', () => {
    expect(bodyOf({ v: 1, w: [2], x: 3 }, { uses: ['w', 'v'] })).toBe(
      '{"query":"{a}","variables":{"w":[2],"v":1}}',
    );
  });

  test('leaves out a variable that has no value, and keeps one that is null', () => {
    expect(bodyOf({ v: null }, { uses: ['v', 'w'] })).toBe('{"query":"{a}","variables":{"v":null}}');
  });

  test('has what is written already before them', () => {
    expect(bodyOf({ v: 1 }, { uses: ['v'], written: '"representations":[{"id":1}]' })).toBe(
      '{"query":"{a}","variables":{"representations":[{"id":1}],"v":1}}',
    );
  });

  test('reads a variable that was renamed from the client’s own', () => {
    expect(bodyOf({ representations: 'mine' }, { uses: ['_t_representations'] })).toBe(
      '{"query":"{a}","variables":{"_t_representations":"mine"}}',
    );
  });

  test('takes nothing that objects inherit for a variable', () => {
    expect(bodyOf({}, { uses: ['constructor', '__proto__'] })).toBe('{"query":"{a}"}');
  });

  test('escapes the operation', () => {
    expect(bodyOf({}, { uses: [], operation: '{a(s:"\\n")}' })).toBe('{"query":"{a(s:\\"\\\\n\\")}"}');
  });
});
