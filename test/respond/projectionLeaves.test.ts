import { describe, expect, test } from '@jest/globals';
import { GraphQLEnumType, GraphQLID, GraphQLScalarType, specifiedScalarTypes } from 'graphql';
import { JsonWriter } from '../../gateway/respond/jsonWriter.ts';
import { type WriteLeaf, writeLeafOf } from '../../gateway/respond/leafWriters.ts';

/** What a subgraph may send for a leaf: JSON values, and what `JSON.parse` makes of numbers out of range. */
const values: readonly unknown[] = [
  ...['', 'Tea', '7', '-0', '1.5', '1e3', ' 1', 'true', 'NaN', '\ud800', 'é\n"'],
  ...[0, -0, 1, -1, 1.5, 1e21, 1e-7, 2_147_483_647, 2_147_483_648, -2_147_483_648, -2_147_483_649],
  ...[Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, JSON.parse('1e999'), JSON.parse('-1e999')],
  ...[true, false, {}, { a: 1 }, { valueOf: 1 }, [], [1], ['Tea'], [[]], JSON.parse('{"__proto__":{"a":1}}')],
];

/** What a leaf is written as; `undefined` where it has no value. */
function written(write: WriteLeaf, value: unknown): string | undefined {
  const out = new JsonWriter(16);
  const isWritten = write(value, out);
  const text = out.take().toString('utf8');
  expect(text !== '').toBe(isWritten);
  return isWritten ? text : undefined;
}

function outcome(write: () => string | undefined): unknown {
  try {
    return write();
  } catch {
    return 'refused';
  }
}

const isBeyondDigits = (value: unknown): boolean =>
  typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;

const nothing = (): boolean => false;

describe('respond: leaves', () => {
  // graphql-js is the oracle
  test.each(specifiedScalarTypes.map((type) => [type.name, type] as const))(
    '%s takes, coerces and refuses what it does in graphql-js',
    (name, type) => {
      const write = writeLeafOf(type, nothing);
      const sent = name === 'ID' ? values.filter((value) => !isBeyondDigits(value)) : values;
      expect(sent.map((value) => [value, outcome(() => written(write, value))])).toEqual(
        sent.map((value) => [value, outcome(() => JSON.stringify(type.serialize(value)))]),
      );
    },
  );

  test('an ID is no number whose digits a double does not hold', () => {
    const write = writeLeafOf(GraphQLID, nothing);
    const sent = values.filter(isBeyondDigits);
    expect(sent.map((value) => outcome(() => written(write, value)))).toEqual(sent.map(() => 'refused'));
  });

  test.each(specifiedScalarTypes.map((type) => [type.name, type] as const))(
    '%s does not say which value it refuses',
    (name, type) => {
      expect(() => written(writeLeafOf(type, nothing), { secret: 1 })).toThrow(
        expect.objectContaining({ message: `${name} cannot represent the value.` }),
      );
    },
  );

  test('a custom scalar is what the subgraph sent, whatever its name says of serializing', () => {
    const write = writeLeafOf(new GraphQLScalarType({ name: 'Money', serialize: () => 'never' }), nothing);
    expect(values.map((value) => written(write, value))).toEqual(
      values.map((value) => JSON.stringify(value)),
    );
  });

  test('an enum takes the names of its values, and nothing that objects inherit', () => {
    const write = writeLeafOf(
      new GraphQLEnumType({ name: 'Size', values: { SMALL: { value: 1 }, LARGE: {} } }),
      nothing,
    );
    const sent = ['SMALL', 'LARGE', 'small', 'toString', '__proto__', 1, true, {}, ['SMALL']];
    expect(sent.map((value) => outcome(() => written(write, value)))).toEqual([
      '"SMALL"',
      '"LARGE"',
      ...sent.slice(2).map(() => 'refused'),
    ]);
  });

  test('a value of an enum that the schema hides is no value', () => {
    const size = new GraphQLEnumType({ name: 'Size', values: { SMALL: {} } });
    const write = writeLeafOf(size, (coordinate) => coordinate === 'Size.SECRET');
    expect(outcome(() => written(write, 'SECRET'))).toBeUndefined();
    expect(outcome(() => written(write, 'OTHER'))).toBe('refused');
  });
});
