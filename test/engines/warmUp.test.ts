import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Engine, EngineWarmth } from '../../gateway/engine.ts';
import { compiledEngine } from '../../gateway/engines/compiledEngine.ts';
import { warmUp } from '../../gateway/engines/warmUp.ts';
import { Gateway } from '../../gateway/gateway.ts';
import type { UsedOperation } from '../../gateway/operation/usedOperation.ts';
import { type Supergraph, sha256, supergraphFromSdl } from '../../gateway/supergraph/supergraph.ts';
import { Figures } from '../../gateway/telemetry/figures.ts';
import { Telemetry } from '../../gateway/telemetry/telemetry.ts';
import { operationOf } from '../operation/operationOf.ts';
import { clientRequestOf } from '../support/clientRequestOf.ts';
import { engineOptions } from '../support/engineOptions.ts';
import { supergraphOf } from '../support/runningGateway.ts';
import { type ShopGraph, startShopGraph } from './shopGraph.ts';

let shop: ShopGraph;

beforeAll(async () => {
  shop = await startShopGraph();
});

afterAll(() => shop?.close());

/** An engine that can nothing but be warmed up. */
function engineWith(warmth: Partial<EngineWarmth>): Engine {
  return { warmth } as Engine;
}

const used = (...sources: string[]): UsedOperation[] =>
  sources.map((source) => ({ source, sourceHash: sha256(source), operationName: '', variant: '', uses: 1 }));

describe('engines: warming up', () => {
  test('reports what became of each operation', async () => {
    const before = engineWith({ mostUsed: () => used('good', 'gone', 'bad', 'good') });
    const next = engineWith({
      prepare: async ({ source }) => {
        if (source === 'bad') throw new Error('no plan');
        return source === 'good';
      },
    });
    expect(await warmUp(next, before, { operations: 9, timeoutMs: 10_000 })).toEqual({
      prepared: 2,
      invalid: 1,
      failed: 1,
      late: 0,
    });
  });

  test('ends at its deadline', async () => {
    const before = engineWith({ mostUsed: () => used('quick', 'never', 'next') });
    const next = engineWith({
      prepare: ({ source }) => (source === 'quick' ? Promise.resolve(true) : new Promise(() => {})),
    });
    expect(await warmUp(next, before, { operations: 9, timeoutMs: 50 })).toEqual({
      prepared: 1,
      invalid: 0,
      failed: 0,
      late: 2,
    });
  });

  test('does nothing for an engine that cannot be warmed up', async () => {
    const nothing = { prepared: 0, invalid: 0, failed: 0, late: 0 };
    const options = { operations: 9, timeoutMs: 50 };
    const warm = engineWith({ mostUsed: () => used('a'), prepare: async () => true });
    expect(await warmUp({} as Engine, warm, options)).toEqual(nothing);
    expect(await warmUp(warm, {} as Engine, options)).toEqual(nothing);
  });
});

describe('gateway: a swap of compiled engines', () => {
  const telemetry = new Telemetry();
  const figures = new Figures(telemetry);
  const options = { telemetry, warmUp: { operations: 10, timeoutMs: 10_000 } };
  let gateway: Gateway;

  const supergraph = (extraField: string): Supergraph => {
    const { name, url, sdl } = shop.products;
    const products = { name, url, sdl: sdl.replace('type Query {', `type Query { ${extraField}: Int `) };
    return supergraphFromSdl(supergraphOf([products, shop.reviews]));
  };

  const ask = async (source: string): Promise<string> => {
    const { engine } = gateway;
    if (engine === undefined) throw new Error('There is no engine.');
    // each request has a document of its own, as when two come at once
    const { document, operation } = operationOf(source);
    const { data, errors } = await engine.execute({
      document,
      operation,
      operationName: operation.name?.value,
      source,
      sourceHash: sha256(source),
      variables: {},
      coerced: {},
      client: clientRequestOf({}),
    });
    return errors === undefined ? JSON.stringify(data) : errors.map(({ message }) => message).join();
  };

  const planned = (): unknown => {
    const snapshot = figures.snapshot();
    return [
      snapshot['tributary.query_planning.cache.lookups'],
      snapshot['tributary.query_planning.duration'],
    ];
  };

  beforeAll(async () => {
    gateway = new Gateway(compiledEngine(engineOptions({ telemetry })), pino({ level: 'silent' }), options);
    await gateway.swap(supergraph('old'));
  });

  afterAll(() => gateway?.stop());

  test('plans nothing for the first request after it', async () => {
    await ask('query Named { best { name stars } }');
    await ask('query Named { best { name stars } }');
    await ask('{ old top }');
    await gateway.swap(supergraph('fresh'));
    const before = planned();
    await ask('query Named { best { name stars } }');
    const lookups = { hit: { count: 1 }, miss: { count: 2 } };
    const durations = { planned: { count: 3, sum: expect.any(Number), max: expect.any(Number) } };
    expect(before).toEqual([lookups, durations]);
    expect(planned()).toEqual([{ ...lookups, hit: { count: 2 } }, durations]);
  });

  test('leaves out what is not valid any more', () => {
    expect(figures.snapshot()['tributary.query_planning.warm_up.operations']).toEqual({
      prepared: { count: 1 },
      invalid: { count: 1 },
    });
  });

  test('hands on how often an operation was used', async () => {
    await gateway.swap(supergraph('newest'));
    expect(
      gateway.engine?.warmth?.mostUsed(9).map(({ operationName, uses }) => [operationName, uses]),
    ).toEqual([['Named', 3]]);
  });

  test('shows the figures of the engine in force alone', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    const snapshot = figures.snapshot();
    expect([
      snapshot['tributary.query_planning.cache.operations'],
      snapshot['tributary.query_planning.queue.length'],
    ]).toEqual([1, 0]);
    expect(snapshot['tributary.query_planning.cache.size']).toBeGreaterThan(1_000);
    expect(snapshot['http.client.request.duration']).toMatchObject({
      'products answered': { count: 4 },
      'reviews answered': { count: 3 },
    });
  });
});
