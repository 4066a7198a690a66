import { describe, expect, test } from '@jest/globals';
import { lastingBytes } from '../../gateway/respond/lastingBytes.ts';

describe('respond: bytes that are kept', () => {
  test.each(['', '{"name":', '{"Größe":', '🍵', 'x'.repeat(100_000)])('are those of the text', (text) => {
    expect(lastingBytes(text).toString('utf8')).toBe(text);
  });

  test('stay as they are while others are made', () => {
    const texts = Array.from({ length: 5_000 }, (_, index) => `{"label${index}":`);
    const bytes = texts.map(lastingBytes);
    expect(bytes.map((each) => each.toString('utf8'))).toEqual(texts);
  });

  // the pool is what `Buffer.from` allocates in: its memory outlives everything else that lies there
  test('do not lie in the pool of Node.js', () => {
    const pool = Buffer.from('a').buffer;
    expect([lastingBytes('b').buffer, lastingBytes('c').buffer].includes(pool)).toBe(false);
  });

  test('lie together', () => {
    const buffers = new Set(Array.from({ length: 1_000 }, () => lastingBytes('{"twelve12":').buffer));
    expect(buffers.size).toBeLessThanOrEqual(3);
  });
});
