import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external"])';

/** Two subgraphs that share products: what a test lets one of them do is seen in a fetch of roots, or one of entities. */
export interface ShopGraph {
  readonly products: StubSubgraph;
  readonly reviews: StubSubgraph;
  /** Both answer by their schemas again. */
  heal(): void;
  close(): Promise<void>;
}

const teas = {
  '1': { upc: '1', name: 'Tea', price: 3, size: 'SMALL', maker: { name: 'Ann' }, tags: ['hot'] },
  '2': { upc: '2', name: 'Cup', price: 5, size: 'LARGE', maker: { name: 'Bob' }, tags: [] },
} as const;

const reviewed = { stars: 4, summary: 'Fine', votes: [1, 2], author: { name: 'Cy' }, total: 7 };

export async function startShopGraph(): Promise<ShopGraph> {
  const products = await startStubSubgraph(
    'products',
    `${LINK}
    type Query { top: String topProducts: [Product] best: Product sure: Product! item: Item hidden(of: Json): Json }
    type Mutation { rename(to: String): Product }
    interface Item { upc: ID! name: String }
    type Product implements Item @key(fields: "upc") {
      upc: ID! name: String price: Int size: Size maker: Maker tags: [String!] similar: Product
    }
    type Maker { name: String }
    enum Size { SMALL LARGE }
    scalar Json`,
    {
      Query: {
        top: () => 'Tea',
        topProducts: () => [teas['1'], teas['2']],
        best: () => teas['1'],
        sure: () => teas['1'],
        item: () => ({ __typename: 'Product', ...teas['1'] }),
        hidden: () => null,
      },
      Mutation: { rename: () => teas['1'] },
      Product: { similar: () => teas['1'] },
    },
  );
  const reviews = await startStubSubgraph(
    'reviews',
    `${LINK}
    type Query { latest: String }
    type Product @key(fields: "upc") {
      upc: ID! price: Int @external
      stars: Int summary: String! votes: [Int!] more: Json author: Author total: Int @requires(fields: "price")
    }
    type Author { name: String }
    scalar Json`,
    {
      Query: { latest: () => 'Fine' },
      Product: {
        __resolveReference: (reference: Record<string, unknown>) => ({ ...reference, ...reviewed }),
      },
    },
  );
  return {
    products,
    reviews,
    heal() {
      products.answer = undefined;
      reviews.answer = undefined;
    },
    close: async () => {
      await Promise.all([products.close(), reviews.close()]);
    },
  };
}
