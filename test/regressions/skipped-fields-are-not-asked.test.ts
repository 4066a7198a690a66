import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/*
 * Found by the differential test. The native planner splits a selection by the members of a union, and forgets the `@skip` on one of the
 * halves: the subgraph did what the client had skipped, also in a mutation.
 * GraphQL specification, §3.13.1 and §3.13.2: a field that is skipped is not executed.
 */

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable"])';

let shop: StubSubgraph;
let stock: StubSubgraph;
let gateway: GatewayUnderTest;
let done: string[];

beforeAll(async () => {
  done = [];
  const book = { __typename: 'Book', id: '1' };
  const run = (name: string, value: unknown) => () => {
    done.push(name);
    return value;
  };
  shop = await startStubSubgraph(
    'shop',
    `${LINK}
    type Query { item: Item  plain: String }
    type Mutation { order: Item  cancel: String }
    union Item = Book | Box
    type Book @key(fields: "id") { id: ID!  title: String }
    type Box { book: Book }`,
    {
      Query: { item: run('item', book), plain: run('plain', 'x') },
      Mutation: { order: run('order', book), cancel: run('cancel', 'x') },
    },
  );
  stock = await startStubSubgraph(
    'stock',
    `${LINK}
    type Query { count: Int }
    type Book @key(fields: "id") { id: ID!  left: Int }`,
    { Book: { __resolveReference: (reference: object) => ({ ...reference, left: 3 }) } },
  );
  gateway = await startGateway({ subgraphs: [shop, stock], settings: { engine: 'compiled' } });
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([shop?.close(), stock?.close()]);
});

const members = '{ ... on Box { book { left } } ... on Book { left } }';

describe.each([
  ['query', 'item', 'plain', { item: { left: 3 } }],
  ['mutation', 'order', 'cancel', { order: { left: 3 } }],
])('a skipped field of a %s', (kind, field, other, data) => {
  const ask = async (directives: string, off: boolean): Promise<unknown> => {
    done.length = 0;
    return gateway.answerTo({
      query: `${kind} ($off: Boolean!, $on: Boolean!) { ${field} ${directives} ${members} ${other} @include(if: $off) ...F }
        fragment F on ${kind === 'query' ? 'Query' : 'Mutation'} { again: ${other} @skip(if: $off) @include(if: $on) }`,
      variables: { off, on: !off },
    });
  };

  test.each(['@skip(if: $off)', '@include(if: $on)'])('with %s is not asked for', async (directives) => {
    expect(await ask(directives, true)).toEqual({ data: { [other]: 'x' } });
    expect(done).toEqual([other]);
  });

  test.each(['@skip(if: $off)', '@include(if: $on)'])(
    'with %s is asked for when it is not',
    async (directives) => {
      expect(await ask(directives, false)).toEqual({ data: { ...data, again: 'x' } });
      expect(done).toEqual([field, other]);
    },
  );
});

test('a query with many conditions is answered by each of them', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `v${index}`);
  const query = `query(${names.map((name) => `$${name}: Boolean!`).join()}) { ${names.map((name) => `${name}: plain @include(if: $${name})`).join(' ')} }`;
  const variables = Object.fromEntries(names.map((name, index) => [name, index % 3 === 0]));
  expect(await gateway.answerTo({ query, variables })).toEqual({
    data: Object.fromEntries(names.filter((name) => variables[name]).map((name) => [name, 'x'])),
  });
});
