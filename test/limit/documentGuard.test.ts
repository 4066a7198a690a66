import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Logger, pino } from 'pino';
import { DocumentGuard } from '../../gateway/limit/documentGuard.ts';

const limits = {
  max_tokens: 60,
  max_recursion: 8,
  max_expanded_selections: 40,
  max_depth: 4,
  max_height: 10,
  max_aliases: 2,
  max_root_fields: 5,
  max_directives: 3,
};

let lines: unknown[];
let log: Logger;

beforeEach(() => {
  lines = [];
  log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
});

const fanOut = `{ ...A } ${['A', 'B', 'C', 'D']
  .map((name, index, names) => `fragment ${name} on T { ${`...${names[index + 1] ?? 'E'} `.repeat(3)}}`)
  .join(' ')} fragment E on T { id }`;

// by Apollo Router's messages, with the numbers added
const refused = [
  [
    '{ a { b { c { d { e } } } } }',
    'MAX_DEPTH_LIMIT',
    'Maximum depth limit exceeded in this operation: it has 5, and 4 is allowed.',
  ],
  [
    '{ a { b c d e f g h i j k } }',
    'MAX_HEIGHT_LIMIT',
    'Maximum height (field count) limit exceeded in this operation: it has 11, and 10 is allowed.',
  ],
  [
    '{ x: a y: a z: __typename }',
    'MAX_ALIASES_LIMIT',
    'Maximum aliases limit exceeded in this operation: it has 3, and 2 is allowed.',
  ],
  [
    '{ a b c d e f }',
    'MAX_ROOT_FIELDS_LIMIT',
    'Maximum root fields limit exceeded in this operation: it has 6, and 5 is allowed.',
  ],
  [
    '{ a @s @s @s @s }',
    'MAX_DIRECTIVES_LIMIT',
    'Maximum directives limit exceeded in this operation: it has 4, and 3 is allowed.',
  ],
  [
    fanOut,
    'OPERATION_TOO_COMPLEX',
    'Maximum expanded selections limit exceeded in this operation: it has 202, and 40 is allowed.',
  ],
  [`{ ${'a '.repeat(60)}}`, 'TOKEN_LIMIT_EXCEEDED', 'The document has more than 60 tokens.'],
  ['{a'.repeat(9), 'MAX_RECURSION_LIMIT', 'The document nests deeper than 8 levels.'],
] as const;

describe('limit: the guard of documents', () => {
  const guard = (warnOnly = false): DocumentGuard => new DocumentGuard({ limits, warnOnly, log });

  test.each(refused)('refuses %s with %s', (text, code, message) => {
    const refusal = guard().check(text);
    expect([refusal?.code, refusal?.message]).toEqual([code, message]);
  });

  test('says the same of the same text again, without parsing it again', () => {
    const one = guard();
    expect(one.check('{ a b c d e f }')).toBe(one.check('{ a b c d e f }'));
  });

  test('leaves what does not parse to the parser that reports it', () => {
    expect(guard().check('{ a')).toBeUndefined();
  });

  test('that only warns logs what exceeds a limit, once a document', () => {
    const one = guard(true);
    expect([one.check('{ a b c d e f }'), one.check('{ a b c d e f }'), lines]).toEqual([
      undefined,
      undefined,
      [
        expect.objectContaining({
          level: 40,
          limits: [{ code: 'MAX_ROOT_FIELDS_LIMIT', value: 6, max: 5 }],
        }),
      ],
    ]);
  });

  test.each([
    [fanOut, 'OPERATION_TOO_COMPLEX'],
    [`{ ${'a '.repeat(60)}}`, 'TOKEN_LIMIT_EXCEEDED'],
    ['{a'.repeat(9), 'MAX_RECURSION_LIMIT'],
  ])('that only warns still refuses what endangers the gateway: %s', (text, code) => {
    expect(guard(true).check(text)?.code).toBe(code);
  });
});
