import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { customScalarFields, keepsDigits } from '../../gateway/execute/customScalars.ts';

describe('execute: custom scalars', () => {
  const fields = customScalarFields(
    parse(`
      scalar Json
      scalar Money
      enum Size { SMALL }
      type Query { a: Int b: Float c: String d: ID e: Boolean size: Size product: Product }
      type Product { price: Money! tags: [[Json!]]! name: String }
      interface Shown { shown: Json }
      input Asked { given: Json }
    `),
  );

  test('fields of custom scalars are known by their names', () => {
    expect([...fields].sort()).toEqual(['price', 'shown', 'tags']);
  });

  test.each([
    ['{ product { price } }', true],
    ['{ product { cost: price } }', true],
    ['query($r: [_Any!]!) { _entities(representations: $r) { ... on Product { tags } } }', true],
    ['{ product { name } }', false],
    ['{ prices pricey }', false],
  ])('digits are kept where one is asked for: %s', (operation, kept) => {
    expect(keepsDigits(operation, fields)).toBe(kept);
  });
});
