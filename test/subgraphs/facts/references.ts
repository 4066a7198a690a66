import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accounts } from '../../../subgraphs/accounts/subgraph.ts';
import { inventory } from '../../../subgraphs/inventory/subgraph.ts';
import { products } from '../../../subgraphs/products/subgraph.ts';
import { reviews } from '../../../subgraphs/reviews/subgraph.ts';
import { type CreateDatabase, entitiesOf, openForTest, type TestSubgraph } from '../openForTest.ts';

/** One reference for every key of every entity, and what comes of it. */
const references: readonly {
  subgraph: string;
  representation: Readonly<Record<string, unknown>>;
  selection: string;
  entity: unknown;
}[] = [
  {
    subgraph: 'accounts',
    representation: { __typename: 'User', id: 'u-0001' },
    selection: '... on User { username name }',
    entity: { __typename: 'User', username: 'ada', name: 'Ada' },
  },
  {
    subgraph: 'accounts',
    representation: { __typename: 'User', username: 'ben' },
    selection: '... on User { id roles }',
    entity: { __typename: 'User', id: 'u-0002', roles: ['CUSTOMER', 'STAFF'] },
  },
  {
    subgraph: 'products',
    representation: { __typename: 'Product', id: 'p-0001' },
    selection: '... on Product { sku name currency }',
    entity: { __typename: 'Product', sku: 'KTL-0001', name: 'Fjord Gooseneck Kettle', currency: 'EUR' },
  },
  {
    subgraph: 'products',
    representation: { __typename: 'Product', sku: 'KTL-0001' },
    selection: '... on Product { id category { name parent { name } } }',
    entity: {
      __typename: 'Product',
      id: 'p-0001',
      category: { name: 'Kettles', parent: { name: 'Kitchen' } },
    },
  },
  {
    subgraph: 'products',
    representation: { __typename: 'Category', id: 'c-tents' },
    selection: '... on Category { slug }',
    entity: { __typename: 'Category', slug: 'tents' },
  },
  {
    subgraph: 'products',
    representation: { __typename: 'Category', slug: 'tents' },
    selection: '... on Category { id }',
    entity: { __typename: 'Category', id: 'c-tents' },
  },
  {
    subgraph: 'products',
    representation: { __typename: 'Brand', id: 'b-01' },
    selection: '... on Brand { name slug }',
    entity: { __typename: 'Brand', name: 'Aster & Oak', slug: 'aster-and-oak' },
  },
  {
    subgraph: 'inventory',
    representation: {
      __typename: 'Product',
      id: 'p-0001',
      price: 9_900,
      currency: 'EUR',
      weightGrams: 1_200,
    },
    selection: '... on Product { shippingEstimate(country: "FR") { cost currency earliestDays latestDays } }',
    entity: {
      __typename: 'Product',
      shippingEstimate: { cost: 910, currency: 'EUR', earliestDays: 2, latestDays: 5 },
    },
  },
  {
    subgraph: 'inventory',
    representation: { __typename: 'StockLevel', product: { id: 'p-0001' }, locationId: 'l-store-berlin' },
    selection: '... on StockLevel { product { id } location { __typename name } reserved }',
    entity: {
      __typename: 'StockLevel',
      product: { id: 'p-0001' },
      location: { __typename: 'Store', name: 'Berlin Store' },
      reserved: 0,
    },
  },
  {
    subgraph: 'inventory',
    representation: { __typename: 'Location', id: 'l-warehouse-hamburg' },
    selection: '... on Warehouse { name dispatchCutOff }',
    entity: { __typename: 'Warehouse', name: 'Elbe Warehouse', dispatchCutOff: '15:30' },
  },
  {
    subgraph: 'inventory',
    representation: { __typename: 'Warehouse', id: 'l-warehouse-hamburg' },
    selection: '... on Warehouse { city }',
    entity: { __typename: 'Warehouse', city: 'Hamburg' },
  },
  {
    subgraph: 'inventory',
    representation: { __typename: 'Store', id: 'l-store-porto' },
    selection: '... on Store { address }',
    entity: { __typename: 'Store', address: 'Rua do Almada 155' },
  },
  {
    subgraph: 'reviews',
    representation: { __typename: 'Review', id: 'rv-0001' },
    selection: '... on Review { product { id } }',
    entity: { __typename: 'Review', product: { id: 'p-0001' } },
  },
  {
    subgraph: 'reviews',
    representation: { __typename: 'ServiceReview', id: 'sr-001' },
    selection: '... on ServiceReview { location { id } }',
    entity: { __typename: 'ServiceReview', location: { id: 'l-warehouse-hamburg' } },
  },
  {
    subgraph: 'reviews',
    representation: { __typename: 'Product', id: 'p-none' },
    selection:
      '... on Product { averageRating reviewCount ratingHistogram { count } reviews { totalCount } }',
    entity: {
      __typename: 'Product',
      averageRating: null,
      reviewCount: 0,
      ratingHistogram: Array.from({ length: 5 }, () => ({ count: 0 })),
      reviews: { totalCount: 0 },
    },
  },
  {
    subgraph: 'reviews',
    representation: { __typename: 'User', id: 'u-none' },
    selection: '... on User { reviewCount reviews { nodes { id } } }',
    entity: { __typename: 'User', reviewCount: 0, reviews: { nodes: [] } },
  },
  {
    subgraph: 'reviews',
    representation: { __typename: 'Location', id: 'l-none' },
    selection: '... on Location { serviceRating serviceReviews { totalCount } }',
    entity: { __typename: 'Location', serviceRating: null, serviceReviews: { totalCount: 0 } },
  },
  ...[
    { subgraph: 'accounts', representation: { __typename: 'User', id: 'u-none' } },
    { subgraph: 'accounts', representation: { __typename: 'User', username: 'nobody' } },
    { subgraph: 'products', representation: { __typename: 'Product', sku: 'none' } },
    { subgraph: 'inventory', representation: { __typename: 'Location', id: 'l-none' } },
    {
      subgraph: 'inventory',
      representation: { __typename: 'StockLevel', product: { id: 'p-0001' }, locationId: 'x' },
    },
    { subgraph: 'reviews', representation: { __typename: 'Review', id: 'none' } },
  ].map((unknown) => ({ ...unknown, selection: '', entity: null })),
];

/** What comes of entity references, over the databases that `createDatabase` makes. */
export function referenceFacts(createDatabase: CreateDatabase): void {
  const open: Record<string, Pick<TestSubgraph<unknown>, 'ask' | 'close'>> = {};
  beforeAll(async () => {
    open.accounts = await openForTest(accounts, createDatabase);
    open.products = await openForTest(products, createDatabase);
    open.inventory = await openForTest(inventory, createDatabase);
    open.reviews = await openForTest(reviews, createDatabase);
  });
  afterAll(async () => {
    for (const subgraph of Object.values(open)) await subgraph.close();
  });

  test.each(references)(
    '$subgraph resolves $representation',
    async ({ subgraph, representation, selection, entity }) => {
      const answer = await open[subgraph]?.ask(entitiesOf(selection), {
        variables: { representations: [representation] },
      });
      expect(answer).toEqual({ data: { _entities: [entity] }, codes: [], messages: [] });
    },
  );

  test('a reference without a key is an error of its own entity', async () => {
    const answer = await open.products?.ask(entitiesOf('... on Product { name }'), {
      variables: { representations: [{ __typename: 'Product' }, { __typename: 'Product', id: 'p-0001' }] },
    });
    expect(answer?.codes).toEqual(['BAD_USER_INPUT']);
    expect(answer?.data).toEqual({
      _entities: [null, { __typename: 'Product', name: 'Fjord Gooseneck Kettle' }],
    });
  });
}
