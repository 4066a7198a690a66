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

/** `JSON.parse` reads far deeper values than `JSON.stringify`, or any recursion, writes. */
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

describe('compiled engine: values of great depth', () => {
  test('from a subgraph are null, with one error that says nothing of the stack', async () => {
    shop.products.answer = { body: `{"data":{"hidden":${deep},"top":"Tea"}}` };
    expect(await gateway.answerTo({ query: '{ hidden top }' })).toEqual({
      errors: [
        {
          message: 'The value cannot be written.',
          path: ['hidden'],
          extensions: { code: 'RESPONSE_VALIDATION_FAILED' },
        },
      ],
      data: { hidden: null, top: 'Tea' },
    });
  });

  test('of an entity at two paths fail its fetch, and nothing else', async () => {
    shop.reviews.answer = { body: `{"data":{"_e0":[{"more":${deep}},{"more":1}]}}` };
    const query = '{ best { more } topProducts { more } top }';
    const { data, errors } = (await gateway.answerTo({ query })) as {
      data: unknown;
      errors: readonly unknown[];
    };
    expect(data).toEqual({ best: { more: null }, topProducts: [{ more: null }, { more: null }], top: 'Tea' });
    // beside it may stand that of the one place which the value was put at before it was copied
    expect(errors).toContainEqual({
      message: "Malformed response from 'reviews': a value is nested too deeply",
      path: [expect.stringMatching(/^(best|topProducts)$/)],
      extensions: {
        code: 'SUBREQUEST_MALFORMED_RESPONSE',
        reason: 'a value is nested too deeply',
        service: 'reviews',
      },
    });
  });

  test('of a client are refused, and the next request is answered', async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":"query ($v: Json) { hidden(of: $v) }","variables":{"v":${deep}}}`,
    });
    expect(await response.text()).not.toMatch(/stack/i);
    expect(await gateway.answerTo({ query: '{ top }' })).toEqual({ data: { top: 'Tea' } });
  });
});
