import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type ShopGraph, startShopGraph } from './shopGraph.ts';

let shop: ShopGraph;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  shop = await startShopGraph();
  gateway = await startGateway({
    subgraphs: [shop.products, shop.reviews],
    settings: { engine: 'compiled' },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await shop?.close();
});

afterEach(() => shop.heal());

const invalid = (message: string, path: readonly (string | number)[]) => ({
  message,
  path,
  extensions: { code: 'RESPONSE_VALIDATION_FAILED' },
});

/** Places and nulls: GraphQL specification, §6.4.4. No message has the value: it may hold what clients must not see. */
describe('compiled engine: values of another type than the schema has', () => {
  const ofBest: readonly [string, string, unknown, unknown, string, readonly (string | number)[]][] = [
    [
      'a text for an Int',
      '{ best { price } }',
      { price: 'three' },
      { price: null },
      'Int cannot represent the value.',
      ['best', 'price'],
    ],
    [
      'a fraction for an Int',
      '{ best { price } }',
      { price: 1.5 },
      { price: null },
      'Int cannot represent the value.',
      ['best', 'price'],
    ],
    [
      'an Int of more than 32 bits',
      '{ best { price } }',
      { price: 2_147_483_648 },
      { price: null },
      'Int cannot represent the value.',
      ['best', 'price'],
    ],
    [
      'an object for a String',
      '{ best { name } }',
      { name: { a: 1 } },
      { name: null },
      'String cannot represent the value.',
      ['best', 'name'],
    ],
    [
      'a list for a String',
      '{ best { name } }',
      { name: ['a'] },
      { name: null },
      'String cannot represent the value.',
      ['best', 'name'],
    ],
    [
      'an enum value that clients do not know',
      '{ best { size } }',
      { size: 'SECRET' },
      { size: null },
      'Enum "Size" cannot represent the value.',
      ['best', 'size'],
    ],
    [
      'a number for an enum',
      '{ best { size } }',
      { size: 1 },
      { size: null },
      'Enum "Size" cannot represent the value.',
      ['best', 'size'],
    ],
    [
      'a list for an object',
      '{ best { maker { name } } }',
      { maker: [{ name: 'Ann' }] },
      { maker: null },
      'Expected an object of Maker.',
      ['best', 'maker'],
    ],
    [
      'a text for an object',
      '{ best { maker { name } } }',
      { maker: 'Ann' },
      { maker: null },
      'Expected an object of Maker.',
      ['best', 'maker'],
    ],
    [
      'an object for a list',
      '{ best { tags } }',
      { tags: { '0': 'hot', length: 1 } },
      { tags: null },
      'Expected a list.',
      ['best', 'tags'],
    ],
    [
      'a text for a list',
      '{ best { tags } }',
      { tags: 'hot' },
      { tags: null },
      'Expected a list.',
      ['best', 'tags'],
    ],
    [
      'a null in a list of non-null items',
      '{ best { tags } }',
      { tags: ['hot', null] },
      { tags: null },
      'Cannot return null for a non-nullable item of a list.',
      ['best', 'tags', 1],
    ],
    [
      'a wrong item in a list of non-null items',
      '{ best { tags } }',
      { tags: ['hot', {}] },
      { tags: null },
      'String cannot represent the value.',
      ['best', 'tags', 1],
    ],
  ];

  test.each(ofBest)('%s is null there, with one error', async (_name, query, best, shown, message, path) => {
    shop.products.answer = { body: JSON.stringify({ data: { best } }) };
    expect(await gateway.answerTo({ query })).toEqual({
      errors: [invalid(message, path)],
      data: { best: shown },
    });
  });

  test('an object of a type that is not possible is null, and the type is not named', async () => {
    shop.products.answer = { body: '{"data":{"item":{"__typename":"Secret","name":"Tea"}}}' };
    expect(await gateway.answerTo({ query: '{ item { name } }' })).toEqual({
      errors: [
        invalid('Abstract type "Item" was resolved to a type that is not one of its possible types.', [
          'item',
        ]),
      ],
      data: { item: null },
    });
  });

  test('what coercion takes is coerced: a number for a String, a text of digits for an ID', async () => {
    shop.products.answer = { body: '{"data":{"best":{"name":7,"upc":7,"price":3.0}}}' };
    expect(await gateway.answerTo({ query: '{ best { name upc price } }' })).toEqual({
      data: { best: { name: '7', upc: '7', price: 3 } },
    });
  });

  test('the values of a custom scalar pass as they are', async () => {
    shop.products.answer = { body: '{"data":{"hidden":{"__proto__":{"a":[1,null,"é\\u2028"]}}}}' };
    const response = await gateway.ask({ query: '{ hidden }' });
    expect(await response.text()).toBe('{"data":{"hidden":{"__proto__":{"a":[1,null,"é\u2028"]}}}}\n');
  });

  test('a list for the entity is an error, and no entity', async () => {
    shop.reviews.answer = { body: '{"data":{"_entities":[[{"stars":1}],"two"]}}' };
    expect(await gateway.answerTo({ query: '{ topProducts { name stars } }' })).toEqual({
      errors: [
        {
          message: "Malformed response from 'reviews': 2 entities were asked for, and a list is one",
          path: ['topProducts'],
          extensions: {
            code: 'SUBREQUEST_MALFORMED_RESPONSE',
            reason: 'an entity is no object',
            service: 'reviews',
          },
        },
      ],
      data: {
        topProducts: [
          { name: 'Tea', stars: null },
          { name: 'Cup', stars: null },
        ],
      },
    });
  });

  test('an object where a list of entities stands is not asked about, and is one error', async () => {
    shop.products.answer = { body: '{"data":{"topProducts":"none"}}' };
    const before = shop.reviews.requests.length;
    expect(await gateway.answerTo({ query: '{ topProducts { name stars } }' })).toEqual({
      errors: [invalid('Expected a list.', ['topProducts'])],
      data: { topProducts: null },
    });
    expect(shop.reviews.requests.length).toBe(before);
  });
});

describe('compiled engine: null where none may be', () => {
  test('nulls the data where every place around it is non-null', async () => {
    shop.products.answer = { body: '{"data":{"sure":null,"top":"Tea"}}' };
    expect(await gateway.answerTo({ query: '{ top sure { name } }' })).toEqual({
      errors: [invalid('Cannot return null for non-nullable field Query.sure.', ['sure'])],
      data: null,
    });
  });

  test('is told of once, where it is, and nulls the nearest place that may be null', async () => {
    shop.products.answer = { body: '{"data":{"topProducts":[{"upc":null},{"upc":"2"},{}]}}' };
    expect(await gateway.answerTo({ query: '{ topProducts { upc } }' })).toEqual({
      errors: [
        invalid('Cannot return null for non-nullable field Product.upc.', ['topProducts', 0, 'upc']),
        invalid('Cannot return null for non-nullable field Product.upc.', ['topProducts', 2, 'upc']),
      ],
      data: { topProducts: [null, { upc: '2' }, null] },
    });
  });

  test('is not told of again where the subgraph did so', async () => {
    shop.products.answer = {
      body: '{"data":{"sure":null},"errors":[{"message":"none","path":["sure"],"extensions":{"code":"NONE"}}]}',
    };
    expect(await gateway.answerTo({ query: '{ sure { name } }' })).toEqual({
      errors: [{ message: 'none', path: ['sure'], extensions: { code: 'NONE', service: 'products' } }],
      data: null,
    });
  });

  test('is not told of again where the subgraph told of a field below', async () => {
    shop.products.answer = {
      body: '{"data":{"sure":null},"errors":[{"message":"none","path":["sure","upc"],"extensions":{"code":"NONE"}}]}',
    };
    expect(await gateway.answerTo({ query: '{ sure { upc } }' })).toEqual({
      errors: [{ message: 'none', path: ['sure', 'upc'], extensions: { code: 'NONE', service: 'products' } }],
      data: null,
    });
  });

  test('is told of beside an error of another place', async () => {
    shop.products.answer = {
      body: '{"data":{"best":{"upc":null},"top":null},"errors":[{"message":"none","path":["top"],"extensions":{"code":"NONE"}}]}',
    };
    expect(await gateway.answerTo({ query: '{ best { upc } top }' })).toEqual({
      errors: [
        { message: 'none', path: ['top'], extensions: { code: 'NONE', service: 'products' } },
        invalid('Cannot return null for non-nullable field Product.upc.', ['best', 'upc']),
      ],
      data: { best: null, top: null },
    });
  });

  test('has the client’s alias in its path', async () => {
    shop.products.answer = { body: '{"data":{"_t_first":{"_t_code":null}}}' };
    expect(await gateway.answerTo({ query: '{ first: best { code: upc } }' })).toEqual({
      errors: [invalid('Cannot return null for non-nullable field Product.upc.', ['first', 'code'])],
      data: { first: null },
    });
  });
});

describe('compiled engine: what nobody asked a subgraph for', () => {
  test('does not reach the client', async () => {
    shop.products.answer = {
      body: '{"data":{"best":{"name":"Tea","cost":9,"maker":{"name":"Ann"}},"other":1},"extensions":{"trace":"x"}}',
    };
    expect(await gateway.answerTo({ query: '{ best { name } }' })).toEqual({
      data: { best: { name: 'Tea' } },
    });
  });

  test('takes the last of two equal keys', async () => {
    shop.products.answer = { body: '{"data":{"top":"first","top":"last"}}' };
    expect(await gateway.answerTo({ query: '{ top }' })).toEqual({ data: { top: 'last' } });
  });

  test('changes no object of the process by `__proto__`', async () => {
    shop.products.answer = {
      body: '{"data":{"__proto__":{"top":"evil"},"best":{"__typename":"Product","upc":"1","__proto__":{"name":"evil"}}}}',
    };
    shop.reviews.answer = {
      body: '{"data":{"_entities":[{"__proto__":{"stars":5,"polluted":1},"constructor":{"prototype":{"polluted":1}}}]}}',
    };
    expect(await gateway.answerTo({ query: '{ top best { name stars } }' })).toEqual({
      data: { top: null, best: { name: null, stars: null } },
    });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('is not sent on as a key of an entity', async () => {
    shop.products.answer = { body: '{"data":{"best":{"__typename":"Product","__proto__":{"upc":"1"}}}}' };
    const before = shop.reviews.requests.length;
    expect(await gateway.answerTo({ query: '{ best { stars } }' })).toEqual({
      data: { best: { stars: null } },
    });
    expect(shop.reviews.requests.length).toBe(before);
  });
});
