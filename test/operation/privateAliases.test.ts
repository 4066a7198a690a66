import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { fieldsRequiredWithArguments, privateAliasesFor } from '../../gateway/operation/privateAliases.ts';

const aliases = privateAliasesFor(buildSchema('type Query { a: Int }'), new Set());

describe('operation: fields that are required with arguments', () => {
  test('are read of every @requires', () => {
    const supergraph = parse(`
      type Product @join__type(graph: A, key: "id") {
        weight: Int @join__field(graph: B)
        price(currency: String): Int @join__field(graph: A, external: true) @join__field(graph: B)
        estimate: Int @join__field(graph: A, requires: "weight price(currency: \\"EUR\\")")
        margin: Int @join__field(graph: A, requires: "shop { tax (of: 1) name }")
      }`);
    expect([...fieldsRequiredWithArguments(supergraph)]).toEqual(['price', 'tax']);
  });

  test('are asked for under a private name, with an alias and without', () => {
    const own = privateAliasesFor(buildSchema('type Query { price(a: Int): Int }'), new Set(['price']));
    expect([own.keyOf('price', undefined), own.keyOf('price', 'cost'), own.keyOf('name', undefined)]).toEqual(
      ['_t_price', '_t_cost', 'name'],
    );
    expect(own.responseKeyOf('_t_price')).toBe('price');
  });
});

describe('operation: private aliases', () => {
  test('a field without an alias keeps its name', () => {
    expect(aliases.keyOf('a', undefined)).toBe('a');
  });

  test('an alias that is the field’s name is none', () => {
    expect(aliases.keyOf('a', 'a')).toBe('a');
  });

  test.each(['b', '__proto__', '__typename', 'constructor', '_t_b'])(
    'the alias %s gets a prefix, and is found again',
    (alias) => {
      const key = aliases.keyOf('a', alias);
      expect([key, aliases.responseKeyOf(key)]).toEqual([`_t_${alias}`, alias]);
    },
  );

  test('a field’s name is its own response key', () => {
    expect(aliases.responseKeyOf('a')).toBe('a');
  });

  test.each([
    ['type Query { _t_a: Int }', '_t_t_'],
    ['type Query { _t_a: Int _t_t_b: Int }', '_t_t_t_'],
    ['type Query { a: I } interface I { _t_x: Int }', '_t_t_'],
    ['type Query { a(i: I): Int } input I { _t_x: Int }', '_t_'],
  ])('with %s the prefix is %s', (sdl, prefix) => {
    const own = privateAliasesFor(buildSchema(sdl), new Set());
    const key = own.keyOf('a', 'b');
    expect([key, own.responseKeyOf(key)]).toEqual([`${prefix}b`, 'b']);
  });

  test('with such a field, its name is its own response key', () => {
    const own = privateAliasesFor(buildSchema('type Query { _t_a: Int }'), new Set());
    expect(own.responseKeyOf(own.keyOf('_t_a', undefined))).toBe('_t_a');
  });

  // the two names that the native planner and the stock one declare themselves
  test.each([
    ['id', 'id'],
    ['representations', '_t_representations'],
    ['representationsOf', 'representationsOf'],
    ['__batch_reps_0', '_t___batch_reps_0'],
    ['_t_id', '_t__t_id'],
  ])('the variable $%s is planned as $%s', (name, planned) => {
    expect([aliases.plannedVariableOf(name), aliases.variableOf(planned)]).toEqual([planned, name]);
  });
});
