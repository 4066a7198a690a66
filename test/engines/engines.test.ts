import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { type EngineName, engineOf } from '../../gateway/engines.ts';
import { supergraphFromSdl } from '../../gateway/supergraph/supergraph.ts';
import { engineOptions } from '../support/engineOptions.ts';
import { supergraphOf } from '../support/runningGateway.ts';
import { type ShopGraph, startShopGraph } from './shopGraph.ts';

let shop: ShopGraph;

beforeAll(async () => {
  shop = await startShopGraph();
});

afterAll(() => shop?.close());

const options = engineOptions();

describe('engines', () => {
  // only the compiled engine prepares operations ahead, which tells the engines apart
  test.each<[EngineName, boolean]>([
    ['apollo', false],
    ['compiled', true],
    ['auto', true],
  ])('`%s` builds the engine of that name', async (name, isCompiled) => {
    const engine = await engineOf(
      name,
      options,
    )(supergraphFromSdl(supergraphOf([shop.products, shop.reviews])));
    try {
      expect(await engine.plan(parse('{ top }'), undefined)).toContain('Fetch(service: "products")');
      expect(engine.warmth !== undefined).toBe(isCompiled);
    } finally {
      await engine.close();
    }
  });
});
