import { type RawBuilder, sql } from 'kysely';
import { SubgraphError } from './errors.ts';

export const maxPageSize = 100;
export const defaultPageSize = 20;

export type CursorValue = string | number;

/** One column of an order. The last column of an order is unique, so that no two rows are equal in it. */
export interface KeysetColumn<Row> {
  /** As it stands in SQL, for example `products.price`. Never null: SQL cannot say what comes after a null. */
  readonly column: string;
  readonly direction: 'asc' | 'desc';
  readonly value: (row: Row) => CursorValue;
  readonly type: 'string' | 'number';
}

/** An order that a connection can be read in. The name is part of its cursors, so that they fit no other order. */
export interface KeysetOrder<Row> {
  readonly name: string;
  readonly columns: readonly KeysetColumn<Row>[];
}

/** The four arguments of a connection, as a client gives them. */
export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

/** The arguments once checked, with cursors opened. */
export interface Page {
  readonly limit: number;
  readonly backward: boolean;
  readonly after: readonly CursorValue[] | null;
  readonly before: readonly CursorValue[] | null;
}

export interface Connection<Node> {
  readonly edges: readonly { readonly node: Node; readonly cursor: string }[];
  readonly nodes: readonly Node[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/**
 * Checks the arguments of a connection and opens its cursors.
 *
 * @throws SubgraphError BAD_USER_INPUT for a size outside 0–100, for `first` with `last`, and for a foreign cursor
 * Source: GraphQL Cursor Connections Specification, section 4.
 */
export function readPage<Row>(pageArguments: PageArguments, order: KeysetOrder<Row>): Page {
  const { first, last, after, before } = pageArguments;
  if (first != null && last != null) {
    throw new SubgraphError('BAD_USER_INPUT', 'Give `first` or `last`, not both.');
  }
  const limit = first ?? last ?? defaultPageSize;
  if (limit < 0 || limit > maxPageSize) {
    const name = first != null ? 'first' : 'last';
    throw new SubgraphError(
      'BAD_USER_INPUT',
      `\`${name}\` must be between 0 and ${maxPageSize}, not ${limit}.`,
    );
  }
  return {
    limit,
    backward: last != null,
    after: after == null ? null : openCursor(after, order),
    before: before == null ? null : openCursor(before, order),
  };
}

function closeCursor<Row>(row: Row, order: KeysetOrder<Row>): string {
  const values = order.columns.map((column) => column.value(row));
  return Buffer.from(JSON.stringify([order.name, ...values])).toString('base64url');
}

function openCursor<Row>(cursor: string, order: KeysetOrder<Row>): readonly CursorValue[] {
  const refuse = () =>
    new SubgraphError('BAD_USER_INPUT', 'A cursor must come from the same connection, in the same order.');
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw refuse();
  }
  if (!Array.isArray(parsed) || parsed[0] !== order.name || parsed.length !== order.columns.length + 1)
    throw refuse();
  return order.columns.map((column, index) => {
    const value: unknown = parsed[index + 1];
    if (typeof value === 'string' && column.type === 'string') {
      // PostgreSQL refuses the character U+0000 in a text, with an error of its own
      if (value.includes('\0')) throw refuse();
      return value;
    }
    if (typeof value === 'number' && column.type === 'number' && Number.isSafeInteger(value)) return value;
    throw refuse();
  });
}

/**
 * The rows after and before the page's cursors: for the order (a, b) and the cursor (x, y) it is
 * `a > x or (a = x and b > y)`. A row comparison `(a, b) > (x, y)` would be shorter, but cannot mix directions.
 */
export function keysetCondition<Row>(order: KeysetOrder<Row>, page: Page): RawBuilder<boolean> {
  const conditions = [sql<boolean>`1 = 1`];
  if (page.after) conditions.push(beyond(order, page.after, 'after'));
  if (page.before) conditions.push(beyond(order, page.before, 'before'));
  return sql<boolean>`${sql.join(conditions, sql` and `)}`;
}

function beyond<Row>(
  order: KeysetOrder<Row>,
  values: readonly CursorValue[],
  side: 'after' | 'before',
): RawBuilder<boolean> {
  const alternatives = order.columns.map((last, index) => {
    const equal = order.columns
      .slice(0, index)
      .map((column, position) => sql`${sql.ref(column.column)} = ${values[position]}`);
    const comparison = (last.direction === 'asc') === (side === 'after') ? sql`>` : sql`<`;
    const all = [...equal, sql`${sql.ref(last.column)} ${comparison} ${values[index]}`];
    return sql`(${sql.join(all, sql` and `)})`;
  });
  return sql<boolean>`(${sql.join(alternatives, sql` or `)})`;
}

/** What stands after `order by`. A page that is read backward is read in the opposite order, and turned afterwards. */
export function keysetOrderBy<Row>(order: KeysetOrder<Row>, page: Page): RawBuilder<unknown> {
  const columns = order.columns.map((column) => {
    const ascending = (column.direction === 'asc') !== page.backward;
    return sql`${sql.ref(column.column)} ${ascending ? sql`asc` : sql`desc`}`;
  });
  return sql`${sql.join(columns)}`;
}

/**
 * Makes a connection of the rows read.
 *
 * @param rows in the order of `keysetOrderBy`, up to one more than the page's limit: the extra one tells that the
 *   connection goes on, and saves a second statement
 */
export function toConnection<Row>(
  rows: readonly Row[],
  page: Page,
  order: KeysetOrder<Row>,
): Connection<Row> {
  const goesOn = rows.length > page.limit;
  const nodes = rows.slice(0, page.limit);
  if (page.backward) nodes.reverse();
  const edges = nodes.map((node) => ({ node, cursor: closeCursor(node, order) }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: page.backward ? page.before !== null : goesOn,
      hasPreviousPage: page.backward ? goesOn : page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
