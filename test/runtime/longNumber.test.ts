import { describe, expect, test } from '@jest/globals';
import {
  jsonOf,
  LongNumber,
  parseWithDigits,
  parseWithDigitsBelow,
  rounded,
} from '../../gateway/runtime/longNumber.ts';

/** 2^53 + 1, the least integer that no double has. Source: IEEE 754, binary64. */
const LONG = '9007199254740993';

/** What is written of a text after it was read. */
const copyOf = (text: string): string | undefined => jsonOf(parseWithDigits(text));

describe('long numbers: reading and writing again', () => {
  test.each([
    LONG,
    `-${LONG}`,
    '123456789012345678901234567890',
    '0.12345678901234567890',
    '-12345678901234567.5',
    '1.2345678901234567890e+30',
    '1.10000000000000000',
    `[${LONG},${LONG}]`,
    `[1,${LONG},-2.5,true,false,null,"a"]`,
    `{"a":{"b":[{"c":${LONG}}]}}`,
    `{"n":${LONG},"text":"${LONG}","empty":{},"none":[]}`,
  ])('%s keeps its digits', (text) => {
    expect(copyOf(text)).toBe(text);
  });

  // each position: where in a row of digits the reader looks depends on it
  test.each(Array.from({ length: 40 }, (_, index) => index))('at character %d', (index) => {
    const text = `{"${'k'.repeat(index)}":${LONG}}`;
    expect(copyOf(text)).toBe(text);
  });

  test.each([
    '9007199254740992',
    '9007199254740991',
    '12345678901234567000',
    '0.30000000000000004',
    '3.141592653589793',
    '1.2345678901234567e+30',
  ])('%s is a number as ever, as a double holds it', (text) => {
    expect(parseWithDigits(text)).toBe(JSON.parse(text));
  });

  test('a `LongNumber` is the rounded number to whoever calculates with it, and its digits as text', () => {
    const value = parseWithDigits(LONG);
    expect([value instanceof LongNumber, Number(value), String(value), JSON.stringify(value)]).toEqual([
      true,
      9007199254740992,
      LONG,
      '9007199254740992',
    ]);
  });

  test('what has no JSON has none', () => {
    expect(jsonOf(undefined)).toBe(undefined);
  });
});

/** ECMA-262, `JSON.parse`: the reader has to give the same of whatever else stands beside a long number. */
describe('long numbers: all else is read as JSON.parse reads it', () => {
  const samples: readonly string[] = [
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"',
    '"\\\\"',
    '"\\\\\\""',
    '"ends with a slash \\\\"',
    '"é 😀 {[:,]} 12"',
    '{"":1,"a":{},"b":[[],[{}]]}',
    '{"a":1,"a":2}',
    '{"a":{"x":1},"a":{"y":2}}',
    '{"__proto__":{"polluted":true},"constructor":1,"toString":2}',
    '{"length":3,"0":1}',
    ' \n\t\r{ "a" : [ 1 , 2.5e-3 , -0 , 1E5 ] } ',
    '[true,false,null,0,-1,1e400]',
    `"looks like one: ${LONG}"`,
    `{"k ${LONG}":",${LONG}"}`,
  ];

  test.each(samples)('%s', (sample) => {
    const beside = parseWithDigits(`[${LONG},${sample}]`) as unknown[];
    const expected: unknown = JSON.parse(sample);
    expect(beside[1]).toStrictEqual(expected);
    expect(JSON.stringify(beside[1])).toBe(JSON.stringify(expected));
  });

  test('a key `__proto__` is data, and changes no prototype', () => {
    const value = parseWithDigits(`{"__proto__":{"a":${LONG}}}`) as object;
    expect([Object.getPrototypeOf(value), Object.keys(value), jsonOf(value)]).toEqual([
      Object.prototype,
      ['__proto__'],
      `{"__proto__":{"a":${LONG}}}`,
    ]);
  });

  test('as deep as that', () => {
    const depth = 100_000;
    let value = parseWithDigits(`${'['.repeat(depth)}${LONG}${']'.repeat(depth)}`);
    for (let level = 0; level < depth; level += 1) value = (value as unknown[])[0];
    expect(String(value)).toBe(LONG);
  });

  test.each(['', '{', `{"a":${LONG}`, `[${LONG},]`, `0${LONG}`, `${LONG} 1`, `{"a" ${LONG}}`])(
    'and %j is refused',
    (text) => {
      expect(() => parseWithDigits(text)).toThrow(SyntaxError);
    },
  );

  test('a megabyte of digits is read in time that grows with it', () => {
    const digits = '7'.repeat(1_000_000);
    expect(copyOf(`["${digits}",${digits}]`)).toHaveLength(2_000_005);
  });
});

describe('long numbers: below one key', () => {
  test('of the object, and of no other', () => {
    const value = parseWithDigitsBelow('data', `{"data":[${LONG}],"errors":[${LONG}]}`);
    expect(jsonOf(value)).toBe(`{"data":[${LONG}],"errors":[9007199254740992]}`);
  });

  test('of each object of a list', () => {
    const text = `[{"variables":{"a":${LONG}}},7,null,[${LONG}],{"query":"x"},{"variables":${LONG}}]`;
    expect(jsonOf(parseWithDigitsBelow('variables', text))).toBe(
      `[{"variables":{"a":${LONG}}},7,null,[9007199254740992],{"query":"x"},{"variables":${LONG}}]`,
    );
  });

  test.each([LONG, `"${LONG}"`, 'null'])('of %s there is none', (text) => {
    expect(parseWithDigitsBelow('data', text)).toBe(JSON.parse(text));
  });
});

describe('long numbers: rounded', () => {
  test('are as JSON.parse gives them', () => {
    const text = `{"a":[${LONG},{"__proto__":0.12345678901234567890,"b":null}]}`;
    expect(JSON.stringify(rounded(parseWithDigits(text)))).toBe(JSON.stringify(JSON.parse(text)));
  });

  test('a value without them is itself', () => {
    const value = { a: [1, { b: 'x' }] };
    expect(rounded(value)).toBe(value);
  });
});
