import { describe, expect, test } from '@jest/globals';
import { type KeysetOrder, readPage, toConnection } from '../../../subgraphs/host/keyset.ts';

interface Row {
  readonly id: string;
  readonly price: number;
}

const order: KeysetOrder<Row> = {
  name: 'PRICE',
  columns: [
    { column: 'price', direction: 'desc', type: 'number', value: (row) => row.price },
    { column: 'id', direction: 'asc', type: 'string', value: (row) => row.id },
  ],
};
const rows = [1, 2, 3].map((number) => ({ id: `p-${number}`, price: number }));
const cursor = (values: unknown) => Buffer.from(JSON.stringify(values)).toString('base64url');

describe('keyset: arguments', () => {
  test.each([
    [{}, { limit: 20, backward: false, after: null, before: null }],
    [{ first: 0 }, { limit: 0, backward: false, after: null, before: null }],
    [
      { last: 100, first: null },
      { limit: 100, backward: true, after: null, before: null },
    ],
    [{ after: cursor(['PRICE', 5, 'p-5']) }, { limit: 20, backward: false, after: [5, 'p-5'], before: null }],
  ])('%j', (given, page) => {
    expect(readPage(given, order)).toEqual(page);
  });

  test.each([
    [{ first: 101 }, '`first` must be between 0 and 100, not 101.'],
    [{ last: -1 }, '`last` must be between 0 and 100, not -1.'],
    [{ first: 1, last: 1 }, 'Give `first` or `last`, not both.'],
  ])('%j is refused', (given, message) => {
    expect(() => readPage(given, order)).toThrow(message);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', 'abc'],
    ['another order', cursor(['NAME', 5, 'p-5'])],
    ['too few values', cursor(['PRICE', 5])],
    ['a value of another type', cursor(['PRICE', '5', 'p-5'])],
    ['a fraction', cursor(['PRICE', 0.5, 'p-5'])],
    ['a character that PostgreSQL refuses', cursor(['PRICE', 5, 'p\0'])],
    ['an object', cursor(['PRICE', { toString: 5 }, 'p-5'])],
  ])('a cursor of %s is refused', (_what, after) => {
    expect(() => readPage({ after }, order)).toThrow('A cursor must come from the same connection');
  });
});

describe('keyset: connection', () => {
  test('one row more than the limit says that the connection goes on', () => {
    const { nodes, pageInfo } = toConnection(rows, readPage({ first: 2 }, order), order);
    expect({ nodes, pageInfo }).toEqual({
      nodes: rows.slice(0, 2),
      pageInfo: {
        hasNextPage: true,
        hasPreviousPage: false,
        startCursor: cursor(['PRICE', 1, 'p-1']),
        endCursor: cursor(['PRICE', 2, 'p-2']),
      },
    });
  });

  test('rows read backward are turned', () => {
    const { nodes, pageInfo } = toConnection(rows, readPage({ last: 2 }, order), order);
    expect(nodes).toEqual([rows[1], rows[0]]);
    expect(pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  test('an empty page has no cursors', () => {
    expect(toConnection([], readPage({}, order), order).pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
  });
});
