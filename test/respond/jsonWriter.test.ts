import { describe, expect, test } from '@jest/globals';
import { JsonWriter } from '../../gateway/respond/jsonWriter.ts';
import { seededRandom } from '../differential/random.ts';

const writer = new JsonWriter(16);

function quote(text: string): string {
  writer.string(text);
  return writer.take().toString('utf8');
}

/** `JSON.stringify` is the oracle: ECMA-262, QuoteJSONString. */
describe('respond: JSON strings', () => {
  test.each([
    '',
    'Tea',
    'Grüße 日本',
    '"',
    '\\',
    '\n\t\u0000\u001f\u007f',
    '\u2028\u2029',
    '😀',
    '\ud800',
    '\udc00\ud800',
    'x'.repeat(64),
    `${'x'.repeat(64)}"`,
    `${'x'.repeat(63)}\ud83d\ude00`,
  ])('%j is as JSON.stringify writes it', (text) => {
    expect(quote(text)).toBe(JSON.stringify(text));
  });

  test('each code unit is as JSON.stringify writes it', () => {
    const wrong = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
      (text) => quote(text) !== JSON.stringify(text),
    );
    expect(wrong).toEqual([]);
  });

  test('random texts are as JSON.stringify writes them', () => {
    const random = seededRandom(1);
    const wrong: string[] = [];
    for (let round = 0; round < 20_000; round += 1) {
      // most code units are plain, so that long texts without an escape come too
      const codes = Array.from({ length: random.below(80) }, () =>
        random.below(30) === 0 ? random.below(0x10000) : 0x20 + random.below(0x60),
      );
      const text = String.fromCharCode(...codes);
      if (quote(text) !== JSON.stringify(text)) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });
});

describe('respond: JSON numbers', () => {
  test.each([
    ...[0, -0, 1, 9, 10, 99, 100, 12_345, 999_999_999, 1_000_000_000, 2_147_483_647, 2_147_483_648],
    ...[-1, -2_147_483_648, 0.1, 1.5, -1e-7, 1e21, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER],
  ])('%d is as JSON.stringify writes it', (value) => {
    writer.number(value);
    expect(writer.take().toString('utf8')).toBe(JSON.stringify(value));
  });
});

describe('respond: the writer', () => {
  test('grows with what is written, and begins anew', () => {
    const small = new JsonWriter(1);
    const texts = Array.from({ length: 500 }, (_, index) => 'é'.repeat(index));
    for (const text of texts) small.string(text);
    const first = small.take().toString('utf8');
    small.text('[]');
    expect([first, small.take().toString('utf8')]).toEqual([
      texts.map((text) => JSON.stringify(text)).join(''),
      '[]',
    ]);
  });

  test('writes again what stands between two places', () => {
    writer.text('[1,');
    const start = writer.length;
    writer.string('two');
    const end = writer.length;
    writer.character(0x2c);
    writer.repeat(start, end);
    expect(writer.take().toString('utf8')).toBe('[1,"two","two"');
  });

  test('takes back what was written after a place', () => {
    writer.text('[1');
    const { length } = writer;
    writer.text(',2,3');
    writer.truncate(length);
    writer.text(']');
    expect(writer.take().toString('utf8')).toBe('[1]');
  });
});
