import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accounts } from '../../../subgraphs/accounts/subgraph.ts';
import { productId } from '../../../subgraphs/host/seed/kinds.ts';
import { personId } from '../../../subgraphs/host/seed/people.ts';
import { inventory } from '../../../subgraphs/inventory/subgraph.ts';
import { products } from '../../../subgraphs/products/subgraph.ts';
import { reviews } from '../../../subgraphs/reviews/subgraph.ts';
import { type CreateDatabase, entitiesOf, openForTest, type TestSubgraph } from '../openForTest.ts';

const productReferences = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    __typename: 'Product',
    id: productId(index + 1),
    price: 1_000,
    currency: 'EUR',
    weightGrams: 100,
  }));

/** Deep operations, the number of statements that each takes, and the reference of the n-th entity. */
const deep = [
  {
    subgraph: 'accounts',
    statements: 3,
    selection: '... on User { name roles scopes }',
    references: (count: number) =>
      Array.from({ length: count }, (_, index) => ({ __typename: 'User', id: personId(index + 1) })),
  },
  {
    subgraph: 'products',
    // products, tags, brands, categories, their parents, the children of those, and two pages and a count below them
    statements: 9,
    selection: `... on Product { name tags brand { name products(first: 2) { nodes { name } } }
      category { parent { children { name products(first: 3, orderBy: NEWEST) { totalCount nodes { name } } } } } }`,
    references: productReferences,
  },
  {
    subgraph: 'inventory',
    statements: 6,
    selection: `... on Product { inStock shippingEstimate { cost } stock { available location { name
      stock(first: 2) { totalCount nodes { product { inStock } } } ... on Store { openingHours { day } } } } }`,
    references: productReferences,
  },
  {
    subgraph: 'reviews',
    statements: 5,
    selection: `... on Product { averageRating reviewCount ratingHistogram { count }
      newest: reviews(first: 3) { totalCount nodes { rating author { username reviewCount reviews(first: 2) { nodes { title } } } } }
      best: reviews(first: 2, orderBy: BEST) { nodes { title } } }`,
    references: productReferences,
  },
] as const;

/** How many statements deep operations take, over the databases that `createDatabase` makes. */
export function statementFacts(createDatabase: CreateDatabase): void {
  const open: Record<string, Pick<TestSubgraph<unknown>, 'statementsOf' | 'close'>> = {};
  beforeAll(async () => {
    open.accounts = await openForTest(accounts, createDatabase);
    open.products = await openForTest(products, createDatabase);
    open.inventory = await openForTest(inventory, createDatabase);
    open.reviews = await openForTest(reviews, createDatabase);
  });
  afterAll(async () => {
    for (const subgraph of Object.values(open)) await subgraph.close();
  });

  test.each(deep)('$subgraph takes $statements statements for 20 entities and for 200', async (operation) => {
    const { subgraph, selection, statements, references } = operation;
    const count = async (entities: number) => {
      const variables = { representations: references(entities) };
      return (await open[subgraph]?.statementsOf(entitiesOf(selection), { variables }))?.length;
    };
    expect([await count(20), await count(200)]).toEqual([statements, statements]);
  });
}
