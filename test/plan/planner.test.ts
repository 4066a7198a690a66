import { afterEach, describe, expect, test } from '@jest/globals';
import { Planner } from '../../gateway/plan/planner.ts';
import { fanOut, sharedSdl } from '../support/costlyOperation.ts';
import { supergraphOf } from '../support/runningGateway.ts';

const small = supergraphOf([{ name: 'a', url: 'http://a.example/', sdl: 'type Query { x: Int y: Int }' }]);
const started: Planner[] = [];

async function start(supergraphSdl: string, timeoutMs = 10_000): Promise<Planner> {
  const planner = await Planner.start(supergraphSdl, { timeoutMs, maxQueue: 10 });
  started.push(planner);
  return planner;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((planner) => planner.close()));
});

describe('plan: the planner', () => {
  test('gives a plan in the normal form', async () => {
    const planner = await start(small);
    expect(await planner.plan('query ($b: Boolean!) { x @skip(if: $b) y }', 0)).toEqual({
      root: {
        kind: 'root',
        subgraph: 'a',
        operation: 'query($b:Boolean!){x @skip(if: $b) y}',
        variables: ['b'],
        operationKind: 'query',
        path: [],
        outputRewrites: [],
      },
      fetchCount: 1,
    });
  });

  test('does not ask the stock planner for what was too complex', async () => {
    const supergraphSdl = supergraphOf(
      ['a', 'b', 'c', 'd'].map((name) => ({ name, url: `http://${name}.example/`, sdl: sharedSdl })),
    );
    const planner = await start(supergraphSdl, 300);
    await expect(planner.plan(fanOut(16), 0)).rejects.toMatchObject({
      code: 'OPERATION_TOO_COMPLEX',
      message: 'Planning the operation took longer than 300 ms.',
    });
  });

  test('that finds no plan, nor the stock one, rejects', async () => {
    const planner = await start(small);
    await expect(planner.plan('{ nothing }', 0)).rejects.toThrow(
      'Cannot query field "nothing" on type "Query"',
    );
  });

  test('refuses a supergraph with its reason', async () => {
    await expect(start('type Query {')).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' });
  });

  test('plans nothing after its end', async () => {
    const planner = await start(small);
    await planner.close();
    await expect(planner.plan('{ x }', 0)).rejects.toThrow('The planner is closed.');
  });
});
