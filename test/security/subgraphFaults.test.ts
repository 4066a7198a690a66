import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubAnswer, type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/*
 * Subgraphs that are broken, or taken over: what one of them answers takes nothing from the others, and exhausts neither the
 * gateway nor its clients.
 */

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@requires", "@external"])';

let products: StubSubgraph;
let reviews: StubSubgraph;
let inventory: StubSubgraph;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  const all = [
    { upc: 'p1', name: 'Tea', meta: null },
    { upc: 'p2', name: 'Cup', meta: null },
  ];
  products = await startStubSubgraph(
    'products',
    `${link} type Query { products: [Product!] first: Product } scalar Json
     type Product @key(fields: "upc") { upc: ID! name: String meta: Json }`,
    { Query: { products: () => all, first: () => all[0] } },
  );
  reviews = await startStubSubgraph(
    'reviews',
    `${link} type Query { latest: String } type Product @key(fields: "upc") { upc: ID! reviews: [Review!] count: Int! }
     type Review { body: String }`,
    { Query: { latest: () => 'Good' }, Product: { reviews: () => [{ body: 'Good' }], count: () => 1 } },
  );
  inventory = await startStubSubgraph(
    'inventory',
    `${link} scalar Json
     type Product @key(fields: "upc") { upc: ID! meta: Json @external weight: Int @requires(fields: "meta") inStock: Boolean }`,
    { Product: { weight: () => 3, inStock: () => true } },
  );
  gateway = await startGateway({
    subgraphs: [products, reviews, inventory],
    settings: { engine: 'compiled', include_subgraph_errors: { all: true } },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([products?.close(), reviews?.close(), inventory?.close()]);
});

afterEach(() => {
  for (const stub of [products, reviews, inventory]) stub.answer = undefined;
});

interface GivenError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

const json = (value: unknown): StubAnswer => ({ body: JSON.stringify(value) });
const ask = async (query: string) =>
  (await gateway.answerTo({ query })) as { data: unknown; errors?: readonly GivenError[] };

const query = '{ products { name reviews { body } } first { name inStock } }';
const withoutReviews = {
  products: [
    { name: 'Tea', reviews: null },
    { name: 'Cup', reviews: null },
  ],
  first: { name: 'Tea', inStock: true },
};

describe('security: a subgraph that reports too much', () => {
  test('of ten thousand errors 99 are told, and the number of the others', async () => {
    reviews.answer = json({ errors: Array.from({ length: 10_000 }, (_, i) => ({ message: `e${i}` })) });
    const { data, errors = [] } = await ask(query);
    expect(data).toEqual(withoutReviews);
    expect(errors.map(({ message }) => message)).toEqual([
      ...Array.from({ length: 99 }, (_, i) => `e${i}`),
      "9901 more errors of 'reviews' are left out.",
    ]);
    expect(errors.at(-1)?.extensions).toEqual({
      code: 'DOWNSTREAM_SERVICE_ERROR',
      service: 'reviews',
      count: 9901,
    });
  });

  test('nulls whose errors are left out have none of the gateway’s own', async () => {
    const path = ['_entities', 1, 'count'];
    reviews.answer = json({
      data: { _entities: [{}, {}] },
      errors: Array.from({ length: 100 }, () => ({ message: 'no', path })),
    });
    const { data, errors = [] } = await ask('{ products { count } }');
    expect(data).toEqual({ products: null });
    expect(new Set(errors.map(({ message }) => message))).toEqual(
      new Set(['no', "1 more errors of 'reviews' are left out."]),
    );
  });

  test('a message is cut at a thousand characters', async () => {
    reviews.answer = json({ errors: [{ message: 'x'.repeat(1_000_000) }] });
    const { errors = [] } = await ask('{ latest }');
    expect(errors.map(({ message }) => message)).toEqual([`${'x'.repeat(999)}…`]);
  });

  test('long extensions are left out, but for the code', async () => {
    const extensions = { code: 'LOST', rows: 'x'.repeat(20_000) };
    reviews.answer = json({ errors: [{ message: 'no', extensions }] });
    const { errors = [] } = await ask('{ latest }');
    expect(errors).toEqual([
      {
        message: 'no',
        path: ['latest'],
        extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: 'reviews' },
      },
    ]);
  });

  test('short extensions stay', async () => {
    reviews.answer = json({ errors: [{ message: 'no', extensions: { code: 'LOST', row: 7 } }] });
    const { errors = [] } = await ask('{ latest }');
    expect(errors[0]?.extensions).toEqual({ code: 'LOST', row: 7, service: 'reviews' });
  });
});

describe('security: bytes that are no JSON', () => {
  test('what is not UTF-8 is refused whole: RFC 8259, §8.1', async () => {
    reviews.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        Buffer.concat([
          Buffer.from('{"data":{"latest":"'),
          Buffer.from([0xff, 0xfe, 0x80]),
          Buffer.from('"}}'),
        ]),
      );
    };
    const { data, errors = [] } = await ask('{ latest first { name } }');
    expect(data).toEqual({ latest: null, first: { name: 'Tea' } });
    expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['latest'], 'SUBREQUEST_MALFORMED_RESPONSE'],
    ]);
  });

  test('characters beyond ASCII arrive as they were sent', async () => {
    reviews.answer = json({ data: { latest: 'gut – Tee 🍵' } });
    expect(await ask('{ latest }')).toEqual({ data: { latest: 'gut – Tee 🍵' } });
  });
});

describe('security: values of great depth', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const meta = (depth: number): StubAnswer => ({
    body: `{"data":{"first":{"__typename":"Product","upc":"p1","meta":${nested(depth)}}}}`,
  });

  test.each([201, 5_000, 100_000])('a custom scalar of %i levels is null, with an error', async (depth) => {
    products.answer = meta(depth);
    const { data, errors = [] } = await ask('{ first { meta } }');
    expect(data).toEqual({ first: { meta: null } });
    expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['first', 'meta'], 'RESPONSE_VALIDATION_FAILED'],
    ]);
  });

  test('a custom scalar of 200 levels passes', async () => {
    products.answer = meta(200);
    expect(await ask('{ first { meta } }')).toEqual({ data: { first: { meta: JSON.parse(nested(200)) } } });
  });

  test.each([201, 5_000, 100_000])(
    'a required value of %i levels fails the fetch that requires it',
    async (depth) => {
      products.answer = meta(depth);
      const before = inventory.requests.length;
      const { data, errors = [] } = await ask('{ first { weight } latest }');
      expect(data).toEqual({ first: { weight: null }, latest: 'Good' });
      expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
        [['first'], 'SUBREQUEST_MALFORMED_RESPONSE'],
      ]);
      expect(inventory.requests.length).toBe(before);
    },
  );
});

describe('security: keys that objects inherit', () => {
  const prototypes = () =>
    [Object.prototype, Array.prototype, Function.prototype].map((each) => Reflect.ownKeys(each).length);

  test('what nobody asked for changes nothing', async () => {
    const before = prototypes();
    reviews.answer = {
      body: '{"data":{"_entities":[{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"count":2}]},"extensions":{"__proto__":{"isAdmin":true}}}',
    };
    expect(await ask('{ first { name count } }')).toEqual({ data: { first: { name: 'Tea', count: 2 } } });
    expect(prototypes()).toEqual(before);
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  test('as aliases they are names like any other', async () => {
    const names = ['then', 'toJSON', 'valueOf', 'hasOwnProperty', 'toString', 'constructor', '__proto__'];
    const response = await gateway.ask({
      query: `{ first { ${names.map((name) => `${name}: name`).join(' ')} reviews { body } } }`,
    });
    const object = `{${names.map((name) => `"${name}":"Tea"`).join(',')},"reviews":[{"body":"Good"}]}`;
    expect(await response.text()).toBe(`{"data":{"first":${object}}}\n`);
  });

  test('errors with such keys in their paths and extensions are told of', async () => {
    reviews.answer = {
      body: '{"data":{"_entities":[null]},"errors":[{"message":"no","path":["_entities",0,"__proto__","constructor"],"extensions":{"__proto__":{"x":1},"constructor":1}}]}',
    };
    const { data, errors = [] } = await ask('{ first { name reviews { body } } }');
    expect(data).toEqual({ first: { name: 'Tea', reviews: null } });
    expect(errors.map(({ message, path }) => [message, path])).toEqual([
      ['no', ['first', '__proto__', 'constructor']],
    ]);
  });
});
