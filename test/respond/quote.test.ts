import { describe, expect, test } from '@jest/globals';
import { quote } from '../../gateway/respond/quote.ts';
import { seededRandom } from '../differential/random.ts';

/** `JSON.stringify` is the oracle: ECMA-262, QuoteJSONString. */
describe('respond: quoting', () => {
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
