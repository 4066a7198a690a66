import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';

/**
 * The graph that is measured: four subgraphs of the shape that public gateway benchmarks use, after Apollo's federation
 * demo. Users and products are entities of several subgraphs, and `shippingEstimate` requires fields of another one, so
 * the heavy operation needs many entity fetches, of which most ask for the same few entities.
 */
export interface FixtureSubgraph {
  readonly name: string;
  readonly schema: GraphQLSchema;
}

const federationLink = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.3"
  import: ["@key", "@external", "@requires", "@provides", "@shareable"]
)
`;

const typeDefinitions = {
  accounts: `
    type Query {
      me: User
      user(id: ID!): User
      users: [User]
    }
    type User @key(fields: "id") {
      id: ID!
      name: String
      username: String @shareable
      birthday: Int
    }`,
  products: `
    type Query {
      topProducts(first: Int = 5): [Product]
      catalogue(size: Int = 22000): [Item]
    }
    type Item {
      id: ID!
      name: String!
      sku: String
      price: Float
      weight: Float
      quantity: Int
      isActive: Boolean
      tags: [String!]
      scores: [Float]
      description: String
    }
    type Product @key(fields: "upc") {
      upc: String!
      name: String
      price: Int
      weight: Int
    }`,
  inventory: `
    type Product @key(fields: "upc") {
      upc: String!
      weight: Int @external
      price: Int @external
      inStock: Boolean
      shippingEstimate: Int @requires(fields: "price weight")
    }`,
  reviews: `
    type Review @key(fields: "id") {
      id: ID!
      body: String
      product: Product
      author: User @provides(fields: "username")
    }
    type User @key(fields: "id") {
      id: ID!
      username: String @external
      reviews: [Review]
    }
    type Product @key(fields: "upc") {
      upc: String!
      reviews: [Review]
    }`,
} as const;

type SubgraphName = keyof typeof typeDefinitions;

interface User {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly birthday: number;
}

interface Product {
  readonly upc: string;
  readonly name: string;
  readonly price: number;
  readonly weight: number;
  readonly inStock: boolean;
}

interface Review {
  readonly id: string;
  readonly body: string;
  readonly upc: string;
}

const users: readonly User[] = [
  'Ida Holm',
  'Malik Osei',
  'Rosa Duarte',
  'Jun Sato',
  'Petra Novak',
  'Tom Reyes',
].map((name, index) => ({
  id: String(index + 1),
  name,
  username: name.slice(0, name.indexOf(' ')).toLowerCase(),
  birthday: 315_532_800 + index * 86_400,
}));

const products: readonly Product[] = [
  { name: 'Table', price: 899, weight: 100, inStock: true },
  { name: 'Couch', price: 1299, weight: 1000, inStock: false },
  { name: 'Glass', price: 15, weight: 20, inStock: false },
  { name: 'Chair', price: 499, weight: 100, inStock: true },
  { name: 'Screen', price: 1349, weight: 900, inStock: true },
  { name: 'Lamp', price: 690, weight: 300, inStock: true },
  { name: 'Grill', price: 3999, weight: 2000, inStock: true },
  { name: 'Fridge', price: 10_000, weight: 6000, inStock: false },
  { name: 'Sofa', price: 9999, weight: 800, inStock: true },
].map((product, index) => ({ upc: String(index + 1), ...product }));

const prose =
  'Bought in spring, carried up four floors and set down once; since then it has been used every day by five people, two cats and a guest. ';

/** Length of each review's body, and the product it is of: most are of the first. */
const reviews: readonly Review[] = (
  [
    [440, '1'],
    [290, '1'],
    [275, '1'],
    [145, '1'],
    [440, '2'],
    [290, '2'],
    [275, '2'],
    [145, '2'],
    [145, '3'],
    [145, '4'],
    [850, '4'],
  ] as const
).map(([length, upc], index) => ({
  id: String(index + 1),
  body: prose.repeat(8).slice(index, index + length),
  upc,
}));

/** Everything is written by the first user, who has written two reviews that count as theirs. */
const asAuthor = { __typename: 'User', id: '1', username: 'ida' };
const asReview = ({ id, body, upc }: Review): object => ({
  __typename: 'Review',
  id,
  body,
  product: { __typename: 'Product', upc },
  author: asAuthor,
});
const reviewsOfUser = reviews.slice(0, 2).map(asReview);

/** One of the many objects of a large answer: no two are equal. */
const itemOf = (id: number): object => ({
  id: String(id),
  name: `Item ${id} of the catalogue`,
  sku: `SKU-${(id * 7919).toString(36).toUpperCase()}`,
  price: Math.round(id * 137.77) / 100,
  weight: id / 7,
  quantity: id % 1000,
  isActive: id % 3 !== 0,
  tags: [`shelf ${id % 50}`, `aisle ${id % 11}`, 'new'],
  scores: [id / 3, id % 5, id * 0.01],
  description: `Number ${id} has a description of a sentence, ${'as most such objects have, '.repeat(2)}or two.`,
});

const resolvers = {
  accounts: {
    Query: {
      me: () => users[0],
      user: (_: unknown, { id }: { id: string }) => users.find((user) => user.id === id),
      users: () => users,
    },
    User: { __resolveReference: ({ id }: { id: string }) => users.find((user) => user.id === id) },
  },
  products: {
    Query: {
      topProducts: (_: unknown, { first }: { first: number }) => products.slice(0, first),
      catalogue: (_: unknown, { size }: { size: number }) =>
        Array.from({ length: size }, (_item, id) => itemOf(id)),
    },
    Product: {
      __resolveReference: ({ upc }: { upc: string }) => products.find((product) => product.upc === upc),
    },
  },
  inventory: {
    Product: {
      __resolveReference: (representation: { upc: string }) => ({
        ...representation,
        inStock: products.find(({ upc }) => upc === representation.upc)?.inStock,
      }),
      shippingEstimate: ({ price, weight }: { price: number; weight: number }) =>
        price > 1000 ? 0 : Math.floor(weight / 2),
    },
  },
  reviews: {
    Review: {
      __resolveReference: (wanted: { id: string }) =>
        reviews.filter(({ id }) => id === wanted.id).map(asReview)[0],
    },
    User: { reviews: () => reviewsOfUser },
    Product: {
      reviews: (product: { upc: string }) => reviews.filter(({ upc }) => upc === product.upc).map(asReview),
    },
  },
} satisfies Record<SubgraphName, object>;

const names = Object.keys(typeDefinitions) as SubgraphName[];

/** The executable schemas, which `subgraphs.ts` serves. */
export function fixtureSubgraphs(): FixtureSubgraph[] {
  return names.map((name) => ({
    name,
    schema: buildSubgraphSchema({
      typeDefs: parse(federationLink + typeDefinitions[name]),
      resolvers: resolvers[name],
    }),
  }));
}

/** Their SDL, which other gateways compose by themselves. */
export function fixtureSdl(): readonly { readonly name: string; readonly sdl: string }[] {
  return names.map((name) => ({ name, sdl: federationLink + typeDefinitions[name] }));
}

/** Composes the supergraph SDL for subgraphs that are served at `http://127.0.0.1:<port>/<name>`. */
export function fixtureSupergraph(port: number): string {
  const { supergraphSdl, errors } = composeServices(
    fixtureSdl().map(({ name, sdl }) => ({
      name,
      url: `http://127.0.0.1:${port}/${name}`,
      typeDefs: parse(sdl),
    })),
  );
  if (supergraphSdl === undefined) throw new Error(`The fixture does not compose: ${String(errors)}`);
  return supergraphSdl;
}
