import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { pino } from 'pino';
import type { EngineOptions } from '../../gateway/engine.ts';
import { type EngineName, engineOf } from '../../gateway/engines.ts';
import { supergraphFromSdl } from '../../gateway/supergraph/supergraph.ts';
import { supergraphOf } from '../support/runningGateway.ts';
import { type ShopGraph, startShopGraph } from './shopGraph.ts';

let shop: ShopGraph;

beforeAll(async () => {
  shop = await startShopGraph();
});

afterAll(() => shop?.close());

const options: EngineOptions = {
  log: pino({ level: 'silent' }),
  timeoutMs: 200,
  maxResponseBytes: 1_000,
  maxConnections: 2,
  exposeQueryPlan: false,
  headersFor: () => () => ({}),
  planning: { timeoutMs: 5_000, maxQueue: 10 },
};

describe('engines', () => {
  // each engine's planner writes the operations of fetches in a way of its own, which tells the engines apart
  test.each<[EngineName, RegExp]>([
    ['apollo', /\{\s+top\s+\}/],
    ['compiled', /\{top\}/],
    ['auto', /\{top\}/],
  ])('`%s` builds the engine of that name', async (name, operation) => {
    const engine = await engineOf(
      name,
      options,
    )(supergraphFromSdl(supergraphOf([shop.products, shop.reviews])));
    try {
      expect(await engine.plan(parse('{ top }'), undefined)).toMatch(operation);
    } finally {
      await engine.close();
    }
  });
});
