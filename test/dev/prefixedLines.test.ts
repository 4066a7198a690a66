import { describe, expect, test } from '@jest/globals';
import { LinePrefixes, LineSplitter, wantsColour } from '../../gateway/dev/prefixedLines.ts';
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

function prefixes(coloured: boolean, ...names: string[]): LinePrefixes {
  const made = new LinePrefixes(coloured);
  for (const name of names) made.add(name);
  return made;
}

describe('LinePrefixes', () => {
  test('are of equal width', () => {
    const made = prefixes(false, 'accounts', 'ai');
    expect([made.of('accounts'), made.of('ai')]).toEqual(['accounts │ ', 'ai       │ ']);
  });

  test('widen for a longer name that comes later, and keep their colours', () => {
    const made = prefixes(true, 'a', 'b');
    expect([made.of('a'), made.of('b')]).toEqual(['\u001b[36ma │\u001b[0m ', '\u001b[33mb │\u001b[0m ']);
    made.add('long');
    made.add('a');
    expect([made.of('a'), made.of('long')]).toEqual([
      '\u001b[36ma    │\u001b[0m ',
      '\u001b[35mlong │\u001b[0m ',
    ]);
  });
});

describe('wantsColour', () => {
  test('is true on a terminal without NO_COLOR', () => {
    const terminal = Object.assign(new Output(), { isTTY: true });
    expect(wantsColour(terminal, {})).toBe(true);
    expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(new Output(), {})).toBe(false);
  });
});
