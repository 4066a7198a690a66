import { describe, expect, test } from '@jest/globals';
import { LineSplitter, makePrefixes, wantsColour } from '../../gateway/dev/prefixedLines.ts';
import { Output } from './devHarness.ts';

function split(...chunks: (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.write(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('LineSplitter', () => {
  test('joins a line, and a character, that is split over chunks', () => {
    const bytes = Buffer.from('naïve\n');
    expect(split(bytes.subarray(0, 3), bytes.subarray(3))).toEqual(['naïve']);
  });

  test('ends lines at LF and at CRLF, also one split between the two', () => {
    expect(split('a\r\nb\nc\r', '\nd')).toEqual(['a', 'b', 'c', 'd']);
  });

  test('keeps empty lines, and makes none at the end', () => {
    expect(split('a\n\nb\n')).toEqual(['a', '', 'b']);
    expect(split()).toEqual([]);
  });

  test('bounds a line, and reads on after it', () => {
    const [long, next] = split('x'.repeat(10_000), 'x'.repeat(10_000), 'x\nnext\n');
    expect(long).toBe(`${'x'.repeat(16_384)} … (the line goes on)`);
    expect(next).toBe('next');
  });
});

describe('makePrefixes', () => {
  test('are of equal width', () => {
    expect([...makePrefixes(['accounts', 'ai'], false).values()]).toEqual(['accounts │ ', 'ai       │ ']);
  });

  test('have a colour of their own', () => {
    expect([...makePrefixes(['a', 'b'], true).values()]).toEqual([
      '\u001b[36ma │\u001b[0m ',
      '\u001b[33mb │\u001b[0m ',
    ]);
  });

  test('are coloured on a terminal without NO_COLOR', () => {
    const terminal = Object.assign(new Output(), { isTTY: true });
    expect(wantsColour(terminal, {})).toBe(true);
    expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(new Output(), {})).toBe(false);
  });
});
