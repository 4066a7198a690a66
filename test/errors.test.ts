import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { type ErrorCode, errorKinds, GatewayError } from '../gateway/errors.ts';
import { markdownTable, tableUnder } from './support/markdownTable.ts';

const codes = Object.keys(errorKinds) as ErrorCode[];

describe('errors: the table', () => {
  test('is frozen, with every row', () => {
    expect([errorKinds, ...Object.values(errorKinds)].every(Object.isFrozen)).toBe(true);
  });

  test('stands in the README, in its order', () => {
    const expected = markdownTable(
      ['Code', 'HTTP status', 'Meaning'],
      Object.entries(errorKinds).map(([code, { status, summary }]) => [
        `\`${code}\``,
        String(status ?? 'none'),
        summary,
      ]),
    );
    const readme = readFileSync(path.resolve(import.meta.dirname, '../gateway/README.md'), 'utf8');
    if (tableUnder('## Errors', readme) !== expected) {
      throw new Error(`The table under "## Errors" in gateway/README.md has to be:\n\n${expected}\n`);
    }
  });

  const root = path.resolve(import.meta.dirname, '../gateway');
  const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'errors.ts')
    .map((file) => readFileSync(path.join(root, file), 'utf8'))
    .join('\n');

  test.each(codes)('%s is given somewhere', (code) => {
    // as an argument or a value; `case 'CODE':` and comparisons only read it
    const given = new RegExp(`(?<!case |=== |!== )'${code}'(?!:)`);
    expect(given.test(source)).toBe(true);
  });

  test('holds every code that is given', () => {
    const thrown = Array.from(source.matchAll(/new GatewayError\(\s*'(\w+)'/g), ([, code]) => code);
    expect(thrown.filter((code) => !Object.hasOwn(errorKinds, code ?? ''))).toEqual([]);
  });
});

describe('errors: GatewayError', () => {
  test('is a GraphQL error', () => {
    expect(new GatewayError('BAD_REQUEST')).toBeInstanceOf(GraphQLError);
  });

  test('says the summary of its code unless it is told better', () => {
    expect([
      new GatewayError('BAD_REQUEST').message,
      new GatewayError('BAD_REQUEST', { message: 'The body is not valid JSON.' }).message,
    ]).toEqual(['The request is not a well-formed GraphQL request.', 'The body is not valid JSON.']);
  });

  // `extensions.http.status` is what Apollo Server answers with
  test.each(codes)('%s has a status where it ends the whole request, and only there', (code) => {
    const { status } = errorKinds[code];
    expect(new GatewayError(code).extensions).toEqual(
      status === null ? { code } : { code, http: { status } },
    );
  });

  test('holds path, subgraph, further extensions and cause', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new GatewayError('SUBREQUEST_HTTP_ERROR', {
      path: ['a', 0],
      subgraph: 'products',
      extensions: { reason: 'refused' },
      cause,
    });
    expect([error.toJSON(), error.code, error.subgraph, error.cause, error.originalError]).toEqual([
      {
        message: 'A subgraph could not be reached, or answered with an HTTP error.',
        path: ['a', 0],
        extensions: { code: 'SUBREQUEST_HTTP_ERROR', service: 'products', reason: 'refused' },
      },
      'SUBREQUEST_HTTP_ERROR',
      'products',
      cause,
      cause,
    ]);
  });

  test('keeps its own code and status whatever its further extensions say', () => {
    const extensions = { code: 'OTHER', service: 'other', http: { status: 200 } };
    expect(new GatewayError('BAD_REQUEST', { subgraph: 'products', extensions }).extensions).toEqual({
      code: 'BAD_REQUEST',
      service: 'products',
      http: { status: 400 },
    });
  });
});
