import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { accounts } from '../../../subgraphs/accounts/subgraph.ts';
import { inventory } from '../../../subgraphs/inventory/subgraph.ts';
import type { ProductsTables } from '../../../subgraphs/products/records.ts';
import { products } from '../../../subgraphs/products/subgraph.ts';
import { reviews } from '../../../subgraphs/reviews/subgraph.ts';
import { type CreateDatabase, openForTest, type TestSubgraph } from '../openForTest.ts';

interface PageData {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}

const page =
  '{ edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount }';
const reviewOrders = ['NEWEST', 'OLDEST', 'MOST_HELPFUL', 'BEST', 'WORST'];
const productOrders = ['NAME', 'PRICE_LOW_TO_HIGH', 'PRICE_HIGH_TO_LOW', 'NEWEST', 'POPULARITY'];

/** Every connection in every order, as the field that `$page` arguments are put into. */
const connections: readonly { subgraph: string; of?: readonly string[]; field: string }[] = [
  { subgraph: 'accounts', field: 'users($page)' },
  { subgraph: 'accounts', field: 'users($page, filter: { role: STAFF })' },
  ...productOrders.map((order) => ({ subgraph: 'products', field: `products($page, orderBy: ${order})` })),
  { subgraph: 'products', field: 'products($page, filter: { categoryId: "c-kitchen", priceFrom: 5000 })' },
  { subgraph: 'products', field: 'brands($page)' },
  {
    subgraph: 'products',
    of: ['category(slug: "outdoors")'],
    field: 'products($page, orderBy: PRICE_LOW_TO_HIGH)',
  },
  { subgraph: 'products', of: ['brand(id: "b-10")'], field: 'products($page, orderBy: NEWEST)' },
  { subgraph: 'inventory', field: 'locations($page)' },
  ...reviewOrders.map((order) => ({ subgraph: 'reviews', field: `reviews($page, orderBy: ${order})` })),
  ...reviewOrders.map((order) => ({
    subgraph: 'reviews',
    of: ['review(id: "rv-0001")', 'product'],
    field: `reviews($page, orderBy: ${order})`,
  })),
  { subgraph: 'reviews', of: ['review(id: "rv-0001")', 'author'], field: 'reviews($page)' },
];

/** What is true of every connection, over the databases that `createDatabase` makes. */
export function pagingFacts(createDatabase: CreateDatabase): void {
  const open: Record<string, Pick<TestSubgraph<unknown>, 'ask' | 'close'>> = {};
  let catalogue: TestSubgraph<ProductsTables>;
  beforeAll(async () => {
    open.accounts = await openForTest(accounts, createDatabase);
    catalogue = await openForTest(products, createDatabase);
    open.products = catalogue;
    open.inventory = await openForTest(inventory, createDatabase);
    open.reviews = await openForTest(reviews, createDatabase);
  });
  afterAll(async () => {
    for (const subgraph of Object.values(open)) await subgraph.close();
  });

  const readPage = async (
    { subgraph, of, field }: (typeof connections)[number],
    given: string,
  ): Promise<PageData> => {
    const connection = `connection: ${field.replace('$page', given)} ${page}`;
    const inner = (of ?? []).reduceRight((selection, parent) => `${parent} { ${selection} }`, connection);
    const answer = await open[subgraph]?.ask(`{ ${inner} }`);
    expect(answer?.messages).toEqual([]);
    let data: unknown = answer?.data;
    while (data && !(data as Record<string, unknown>).connection) data = Object.values(data)[0];
    return (data as { connection: PageData }).connection;
  };
  const ids = (data: PageData) => data.edges.map((edge) => edge.node.id);

  const titled = connections.map((connection) => ({
    ...connection,
    title: [connection.subgraph, ...(connection.of ?? []), connection.field].join(' › '),
  }));
  describe.each(titled)('$title', (connection) => {
    test('forwards and backwards visit every row once, in opposite orders', async () => {
      const { totalCount } = await readPage(connection, 'first: 0');
      // pages that do not divide the whole, and few of them
      const size = Math.max(1, Math.min(100, Math.ceil(totalCount / 4) - 1));
      const forwards: string[] = [];
      let data = await readPage(connection, `first: ${size}`);
      forwards.push(...ids(data));
      while (data.pageInfo.hasNextPage) {
        data = await readPage(connection, `first: ${size}, after: "${data.pageInfo.endCursor}"`);
        forwards.push(...ids(data));
      }
      const backwards: string[] = [];
      data = await readPage(connection, `last: ${size}`);
      backwards.unshift(...ids(data));
      while (data.pageInfo.hasPreviousPage) {
        data = await readPage(connection, `last: ${size}, before: "${data.pageInfo.startCursor}"`);
        backwards.unshift(...ids(data));
      }
      expect({ rows: forwards.length, distinct: new Set(forwards).size, backwards }).toEqual({
        rows: totalCount,
        distinct: totalCount,
        backwards: forwards,
      });
    });
  });

  test('rows inserted meanwhile neither repeat nor hide others', async () => {
    const connection = { subgraph: 'products', field: 'products($page, orderBy: NAME)' };
    const before = new Set<string>();
    for (let next = 'first: 100'; next; ) {
      const data = await readPage(connection, next);
      for (const id of ids(data)) before.add(id);
      next = data.pageInfo.hasNextPage ? `first: 100, after: "${data.pageInfo.endCursor}"` : '';
    }
    const pattern = await catalogue.db.selectFrom('products').selectAll().limit(1).executeTakeFirstOrThrow();
    const visited: string[] = [];
    let inserted = 0;
    for (let next = 'first: 50'; next; ) {
      const data = await readPage(connection, next);
      visited.push(...ids(data));
      for (const name of ['Aaa', 'Zzz']) {
        inserted += 1;
        const id = `new-${inserted}`;
        await catalogue.db
          .insertInto('products')
          .values({ ...pattern, id, sku: id, slug: id, name })
          .execute();
      }
      next = data.pageInfo.hasNextPage ? `first: 50, after: "${data.pageInfo.endCursor}"` : '';
    }
    await catalogue.db.deleteFrom('products').where('id', 'like', 'new-%').execute();
    const old = visited.filter((id) => before.has(id));
    expect({ visited: new Set(visited).size, old: old.length }).toEqual({
      visited: visited.length,
      old: before.size,
    });
  });

  test('a search visits everything that it finds once', async () => {
    const found: unknown[] = [];
    let total = 0;
    for (let after: string | null = null, more = true; more; ) {
      const { data, messages } = await catalogue.ask(
        `query ($after: String) { search(text: "wool", first: 4, after: $after) {
           nodes { __typename ... on CatalogueEntry { id } } totalCount pageInfo { endCursor hasNextPage } } }`,
        { variables: { after } },
      );
      expect(messages).toEqual([]);
      const search = data?.search as { nodes: object[] } & PageData;
      found.push(...search.nodes.map((node) => JSON.stringify(node)));
      total = search.totalCount;
      after = search.pageInfo.endCursor;
      more = search.pageInfo.hasNextPage;
    }
    expect({ found: found.length, distinct: new Set(found).size }).toEqual({ found: total, distinct: total });
  });

  test('a search takes wildcards as they are written', async () => {
    const { data } = await catalogue.ask('{ search(text: "%_%") { totalCount } }');
    expect(data).toEqual({ search: { totalCount: 0 } });
  });
}
