import { beforeEach, describe, expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { pino } from 'pino';
import type { Engine } from '../gateway/engine.ts';
import { GatewayError } from '../gateway/errors.ts';
import { Gateway } from '../gateway/gateway.ts';
import { type Supergraph, supergraphFromSdl } from '../gateway/supergraph/supergraph.ts';

/** An engine that counts how often it is closed. */
interface FakeEngine extends Engine {
  closed: number;
}

let built: FakeEngine[];
let refuseNext: boolean;
let lines: { msg: string }[];
let gateway: Gateway;

async function build(supergraph: Supergraph): Promise<FakeEngine> {
  if (refuseNext) throw new GatewayError('SUPERGRAPH_INVALID');
  const engine: FakeEngine = {
    supergraph,
    apiSchema: buildSchema('type Query { a: Int }'),
    closed: 0,
    execute: async () => ({ data: {} }),
    plan: async () => '',
    close: async () => {
      engine.closed += 1;
    },
  };
  built.push(engine);
  return engine;
}

beforeEach(() => {
  built = [];
  refuseNext = false;
  lines = [];
  gateway = new Gateway(build, pino({}, { write: (line: string) => lines.push(JSON.parse(line)) }));
});

/** Puts an engine in force and gives it back. */
async function swapTo(name: string): Promise<FakeEngine> {
  await gateway.swap(supergraphFromSdl(name));
  const engine = built.at(-1);
  if (engine === undefined) throw new Error('nothing was built');
  return engine;
}

/** Runs all that a swap leaves to the turns after it. */
async function laterTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('gateway: the engine in force', () => {
  test('is none before the first supergraph', () => {
    expect(gateway.engine).toBe(undefined);
  });

  test('is the one of the last supergraph', async () => {
    await swapTo('one');
    const two = await swapTo('two');
    expect(gateway.engine).toBe(two);
  });

  test('stays when the next cannot be built', async () => {
    const one = await swapTo('one');
    refuseNext = true;
    await expect(gateway.swap(supergraphFromSdl('two'))).rejects.toThrow(GatewayError);
    await laterTurns();
    expect([gateway.engine, one.closed]).toEqual([one, 0]);
  });

  test('is told to listeners, at once and at each swap, until they stop listening', async () => {
    const told: string[] = [];
    await swapTo('one');
    const stop = gateway.onEngine(({ supergraph }) => told.push(supergraph.sdl));
    await swapTo('two');
    stop();
    await swapTo('three');
    expect(told).toEqual(['one', 'two']);
  });

  test('is told of in the log', async () => {
    await swapTo('one');
    await swapTo('two');
    expect(lines.map(({ msg }) => msg)).toEqual(['supergraph in force', 'supergraph swapped']);
  });
});

describe('gateway: a lease', () => {
  test('is of the engine that made the schema, also after a swap', async () => {
    const one = await swapTo('one');
    await swapTo('two');
    expect(gateway.lease(one.apiSchema).engine).toBe(one);
  });

  test('of a schema of no engine is a fault', () => {
    expect(() => gateway.lease(buildSchema('type Query { a: Int }'))).toThrow(
      'The schema is of no engine of this gateway.',
    );
  });

  test('keeps a replaced engine open until it is released', async () => {
    const one = await swapTo('one');
    const lease = gateway.lease(one.apiSchema);
    await swapTo('two');
    await laterTurns();
    const before = one.closed;
    lease.release();
    expect([before, one.closed]).toEqual([0, 1]);
  });

  test('taken in the turn of the swap keeps the engine open', async () => {
    const one = await swapTo('one');
    await swapTo('two');
    const lease = gateway.lease(one.apiSchema);
    await laterTurns();
    const before = one.closed;
    lease.release();
    expect([before, one.closed]).toEqual([0, 1]);
  });

  test('that is released twice counts once', async () => {
    const one = await swapTo('one');
    const leases = [gateway.lease(one.apiSchema), gateway.lease(one.apiSchema)];
    await swapTo('two');
    await laterTurns();
    leases[0]?.release();
    leases[0]?.release();
    const before = one.closed;
    leases[1]?.release();
    leases[1]?.release();
    expect([before, one.closed]).toEqual([0, 1]);
  });
});

describe('gateway: closing engines', () => {
  test('a replaced engine without requests is closed once', async () => {
    const one = await swapTo('one');
    const two = await swapTo('two');
    await laterTurns();
    expect([one.closed, two.closed]).toEqual([1, 0]);
  });

  test('the engine in force is never closed by the end of its requests', async () => {
    const one = await swapTo('one');
    gateway.lease(one.apiSchema).release();
    await laterTurns();
    expect(one.closed).toBe(0);
  });

  test('after a hundred swaps, every engine but the last is closed once', async () => {
    for (let index = 0; index < 100; index += 1) await swapTo(`${index}`);
    await laterTurns();
    expect(built.map(({ closed }) => closed)).toEqual([...Array(99).fill(1), 0]);
  });

  test('an engine that fails to close is logged, and swaps go on', async () => {
    const one = await swapTo('one');
    one.close = () => Promise.reject(new Error('stuck'));
    const two = await swapTo('two');
    await laterTurns();
    expect([gateway.engine, lines.map(({ msg }) => msg)]).toEqual([
      two,
      ['supergraph in force', 'supergraph swapped', 'closing a replaced engine failed'],
    ]);
  });

  test('stop closes the engine in force, and waits until it is closed', async () => {
    const one = await swapTo('one');
    await gateway.stop();
    expect([gateway.engine, one.closed]).toEqual([undefined, 1]);
  });

  test('stop before the first engine does nothing', async () => {
    await expect(gateway.stop()).resolves.toBe(undefined);
  });

  test('stop leaves an engine to its requests', async () => {
    const one = await swapTo('one');
    const lease = gateway.lease(one.apiSchema);
    await gateway.stop();
    const before = one.closed;
    lease.release();
    expect([before, one.closed]).toEqual([0, 1]);
  });
});

describe('gateway: after its stop', () => {
  test('an engine that was being built is closed, and not put in force', async () => {
    const prepared = await gateway.prepare(supergraphFromSdl('late'));
    await gateway.stop();
    prepared.commit();
    await laterTurns();
    expect([gateway.engine, built.map(({ closed }) => closed)]).toEqual([undefined, [1]]);
  });
});
