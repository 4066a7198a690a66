import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

let subgraph: StubSubgraph;
let gateways: GatewayUnderTest[];

beforeAll(async () => {
  subgraph = await startStubSubgraph(
    'shop',
    `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@listSize"])
    type Query {
      cheap: String
      products(first: Int): [Product] @listSize(slicingArguments: ["first"])
      shops: [Shop] @listSize(assumedSize: 2)
    }
    type Shop { products(first: Int): [Product] @listSize(slicingArguments: ["first"]) }
    type Product { name: String }`,
    {
      Query: { cheap: () => 'tea', products: () => [{ name: 'Tea' }], shops: () => [{}] },
      Shop: { products: () => [{ name: 'Cup' }] },
    },
  );
});
afterAll(() => subgraph?.close());
beforeEach(() => {
  gateways = [];
});
afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

async function start(tree: string): Promise<GatewayUnderTest> {
  const gateway = await startGateway({
    subgraphs: [subgraph],
    files: {
      'rules.ts': `
        import { budget } from 'tributary/permissions';
        export const permissions = ${tree};`,
    },
    settings: { permissions: 'rules.ts' },
  });
  gateways.push(gateway);
  return gateway;
}

/** The data, and the codes and messages of errors. */
async function outcome(gateway: GatewayUnderTest, query: string, client = 'web'): Promise<unknown> {
  const response = await gateway.ask({ query }, { 'apollographql-client-name': client });
  const { data, errors = [] } = (await response.json()) as {
    data: unknown;
    errors?: { message: string; path: unknown; extensions: { code: string } }[];
  };
  return [
    response.status,
    data,
    ...errors.map(({ message, path, extensions }) => [message, path, extensions.code]),
  ];
}

const TEA = [{ name: 'Tea' }];
const refused = (cost: number, left: number, path: string, coordinate = 'Query.products'): unknown => [
  `${coordinate} costs ${cost} points here, and ${left} of 10 are left to client:web (86400 s).`,
  [path],
  'RATE_LIMIT_EXCEEDED',
];

describe('budgets as rules', () => {
  test('deny their field alone, before it is fetched, when too few points are left', async () => {
    const gateway = await start('{ Query: { products: budget({ points: 10, per: 86400, by: "client" }) } }');
    const query = '{ cheap products(first: 6) { name } }';
    const first = await outcome(gateway, query);
    const before = subgraph.requests.length;
    expect([
      first,
      await outcome(gateway, query),
      subgraph.requests.slice(before).some(({ query: sent }) => sent.includes('products')),
      await outcome(gateway, query, 'ios'),
    ]).toEqual([
      [200, { cheap: 'tea', products: TEA }],
      [200, { cheap: 'tea', products: null }, refused(6, 4, 'products')],
      false,
      [200, { cheap: 'tea', products: TEA }],
    ]);
  });

  test('are charged for all selections of the field, whatever they are called and where they are spread', async () => {
    const gateway = await start('{ Query: { products: budget({ points: 10, per: 86400, by: "client" }) } }');
    const query =
      '{ a: products(first: 4) { name } ...F } fragment F on Query { b: products(first: 7) { name } }';
    expect(await outcome(gateway, query)).toEqual([
      200,
      { a: null, b: null },
      refused(11, 10, 'a'),
      refused(11, 10, 'b'),
    ]);
  });

  test('count the objects that the field is asked of', async () => {
    const gateway = await start('{ Shop: { products: budget({ points: 10, per: 86400, by: "client" }) } }');
    // two shops with six products each
    expect(await outcome(gateway, '{ shops { products(first: 6) { name } } }')).toEqual([
      200,
      { shops: [{ products: null }] },
      [
        'Shop.products costs 12 points here, and 10 of 10 are left to client:web (86400 s).',
        ['shops', '@', 'products'],
        'RATE_LIMIT_EXCEEDED',
      ],
    ]);
  });

  test('of one name are one budget', async () => {
    const gateway = await start(`{
      Query: {
        products: budget({ points: 10, per: 86400, by: "client", name: "catalogue" }),
        shops: budget({ points: 10, per: 86400, by: "client", name: "catalogue" }),
      },
    }`);
    expect([
      await outcome(gateway, '{ products(first: 9) { name } }'),
      await outcome(gateway, '{ shops { __typename } }'),
    ]).toEqual([
      [200, { products: TEA }],
      [200, { shops: null }, refused(2, 1, 'shops', 'Query.shops')],
    ]);
  });

  test('deny a caller who has no name of the kind', async () => {
    const gateway = await start('{ Query: { products: budget({ points: 10, per: 86400, by: "user" }) } }');
    expect(await outcome(gateway, '{ products(first: 1) { name } }')).toEqual([
      200,
      { products: null },
      [
        'A budget by user is set on Query.products, and the caller has no user.',
        ['products'],
        'RATE_LIMIT_EXCEEDED',
      ],
    ]);
  });
});
