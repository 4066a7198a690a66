import type { StubResolvers } from '../support/stubSubgraph.ts';

/*
 * The graph that the faults are shown in: `products` is always well, and another subgraph is not. What the client sees of a
 * fault depends on what was asked of that other one.
 */

/** What is asked of the subgraph that fails: a root field, fields of entities, or a root field of a mutation. */
export type AskKind = 'root' | 'entities' | 'mutation';
export const askKinds: readonly AskKind[] = ['root', 'entities', 'mutation'];

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external"])';

const shelf = [
  { upc: 'p1', name: 'Tea' },
  { upc: 'p2', name: 'Cup' },
] as const;

export const productsSdl = `${link}
  type Query { products: [Product!] }
  type Product @key(fields: "upc") { upc: ID! name: String }`;
export const productsResolvers: StubResolvers = { Query: { products: () => shelf } };

/** The schema of a subgraph that fails; its fields have its name before them. */
export const failingSdl = (name: string): string => `${link}
  type Query { ${name}Latest: String }
  type Mutation { ${name}Add(id: ID!): String }
  type Product @key(fields: "upc") { upc: ID! ${name}Note: String }`;
export const failingResolvers = (name: string): StubResolvers => ({
  Query: { [`${name}Latest`]: () => 'Fine' },
  Mutation: { [`${name}Add`]: () => 'added' },
  Product: { [`${name}Note`]: (product: unknown) => `note of ${(product as { upc: string }).upc}` },
});

/** Needs what `reviews` has of a product before it can answer. */
export const inventorySdl = `${link}
  type Product @key(fields: "upc") {
    upc: ID! reviewsNote: String @external rank: String @requires(fields: "reviewsNote")
  }`;
export const inventoryResolvers: StubResolvers = {
  Product: { rank: (product: unknown) => `rank of ${(product as { reviewsNote: string }).reviewsNote}` },
};

/** Aliases, so that paths have to be translated. */
export function operationFor(kind: AskKind, subgraph: string): string {
  switch (kind) {
    case 'root':
      return `{ items: products { upc name } latest: ${subgraph}Latest }`;
    case 'entities':
      return `{ items: products { upc name note: ${subgraph}Note } }`;
    case 'mutation':
      return `mutation ($id: ID!) { done: ${subgraph}Add(id: $id) }`;
    default:
      return kind satisfies never;
  }
}

const items = (notes: readonly (string | null)[]): unknown => ({
  items: shelf.map((product, index) => ({ ...product, note: notes[index] })),
});
/** What `reviews` knows of the two products. */
export const notes = ['note of p1', 'note of p2'] as const;

/** The answers when all is well. */
export const wholeData = {
  root: { items: shelf, latest: 'Fine' },
  entities: items(notes),
  mutation: { done: 'added' },
  /** One of the entities is missing. */
  entitiesBut: (missing: number): unknown =>
    items(notes.map((note, index) => (index === missing ? null : note))),
} as const;

/** The answers when nothing came of the subgraph: what others know is there. */
export const dataWithout: Readonly<Record<AskKind, unknown>> = {
  root: { items: shelf, latest: null },
  entities: items([null, null]),
  mutation: { done: null },
};

/** Where an error of the whole fetch stands. */
export const placeOf: Readonly<Record<AskKind, readonly string[]>> = {
  root: ['latest'],
  entities: ['items'],
  mutation: ['done'],
};
