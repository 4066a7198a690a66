import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AiError, type AiErrorCode, aiErrors } from '../../../subgraphs/ai/errors.ts';
import { markdownTable, tableUnder } from '../../support/markdownTable.ts';

const folder = path.resolve(import.meta.dirname, '../../../subgraphs/ai');
const codes = Object.keys(aiErrors) as AiErrorCode[];

const textOf = (root: string, isWanted: (file: string) => boolean): string =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(isWanted)
    .map((file) => readFileSync(path.join(root, file), 'utf8'))
    .join('\n');

describe('ai errors', () => {
  test('the table stands in the README, in its order', () => {
    const expected = markdownTable(
      ['Code', 'HTTP status of REST', 'Meaning'],
      Object.entries(aiErrors).map(([code, { httpStatus, summary }]) => [
        `\`${code}\``,
        String(httpStatus),
        summary,
      ]),
    );
    const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');
    if (tableUnder('## Errors', readme) !== expected) {
      throw new Error(`The table under "## Errors" in subgraphs/ai/README.md has to be:\n\n${expected}\n`);
    }
  });

  const source = textOf(folder, (file) => file.endsWith('.ts') && file !== 'errors.ts');
  const tests = textOf(import.meta.dirname, (file) => file.endsWith('.ts') && file !== 'errors.test.ts');
  test.each(codes)('%s is given somewhere, and a test provokes it', (code) => {
    expect([source.includes(`'${code}'`), tests.includes(code)]).toEqual([true, true]);
  });

  test('details do not change the code, and what is not known is left out', () => {
    const error = new AiError('AI_TIMEOUT', 'Late.', { phase: 'IDLE', model: undefined }).with({
      code: 'X',
      attempts: [],
    });
    expect(error.extensions).toEqual({ code: 'AI_TIMEOUT', retryable: true, phase: 'IDLE', attempts: [] });
  });
});
