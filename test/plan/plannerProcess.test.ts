import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../gateway/errors.ts';
import { NoPlan, PlannerProcess, type PlannerProcessOptions } from '../../gateway/plan/plannerProcess.ts';
import { fanOut, sharedSdl } from '../support/costlyOperation.ts';
import { supergraphOf } from '../support/runningGateway.ts';

const small = supergraphOf([{ name: 'a', url: 'http://a.example/', sdl: 'type Query { x: Int y: Int }' }]);
const wide = supergraphOf(
  ['a', 'b', 'c', 'd'].map((name) => ({ name, url: `http://${name}.example/`, sdl: sharedSdl })),
);

const started: PlannerProcess[] = [];

async function start(options: Partial<PlannerProcessOptions> = {}): Promise<PlannerProcess> {
  const planner = await PlannerProcess.start({
    planner: 'native',
    supergraphSdl: small,
    timeoutMs: 10_000,
    maxQueue: 10,
    ...options,
  });
  started.push(planner);
  return planner;
}

/** Of the small supergraph; no test ends it. */
let planner: PlannerProcess;

beforeAll(async () => {
  planner = await start();
  started.length = 0;
});

afterAll(() => planner?.close());

afterEach(async () => {
  await Promise.all(started.splice(0).map((planner) => planner.close()));
});

async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof GatewayError ? error.code : error;
}

const operationOf = (plan: unknown): unknown => (plan as { node: { operation: unknown } }).node.operation;

describe('plan: the process of a planner', () => {
  test('several plannings at once each get their own plan', async () => {
    const plans = await Promise.all(['{ x }', '{ y }', '{ y x }'].map((each) => planner.plan(each, 0)));
    expect(plans.map(operationOf)).toEqual(['{x}', '{y}', '{y x}']);
  });

  test('what passes its deadline is refused, and what waits is planned by a new process', async () => {
    const own = await start({ supergraphSdl: wide, timeoutMs: 500 });
    const slow = refusalOf(own.plan(fanOut(16), 0));
    const next = own.plan('{ t { x } }', 0);
    expect([await slow, operationOf(await next)]).toEqual(['OPERATION_TOO_COMPLEX', '{t{x}}']);
  });

  test('one more than may wait is refused, and the others are planned', async () => {
    const own = await start({ maxQueue: 2 });
    // the first is at work, the next two wait
    const plannings = ['{ x }', '{ y }', '{ x }', '{ y }'].map((each) => own.plan(each, 0));
    const refusals = await Promise.all(plannings.map(refusalOf));
    expect(refusals).toEqual([undefined, undefined, undefined, 'REQUEST_CONCURRENCY_LIMITED']);
  });

  test('finding no plan says nothing against the next operation', async () => {
    await expect(planner.plan('{ nothing }', 0)).rejects.toBeInstanceOf(NoPlan);
    expect(operationOf(await planner.plan('{ x }', 0))).toBe('{x}');
  });

  test('its end rejects what waits, and what is at work', async () => {
    const own = await start({ supergraphSdl: wide });
    const plannings = [fanOut(16), '{ t { x } }', '{ t { x } }'].map((each) => own.plan(each, 0));
    const ends = Promise.allSettled(plannings);
    await own.close();
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  test('nothing is planned after its end', async () => {
    const own = await start();
    await own.close();
    await expect(own.plan('{ x }', 0)).rejects.toThrow('The planner is closed.');
  });

  test('a supergraph that the planner cannot read is refused', async () => {
    await expect(start({ supergraphSdl: 'type Query {' })).rejects.toMatchObject({
      code: 'SUPERGRAPH_INVALID',
      message: expect.stringMatching(/^The planner refuses the supergraph: /),
    });
  });

  test('the percentages of labels are told, ascending', async () => {
    const federation = (directives: string): string =>
      `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${directives}])`;
    const supergraphSdl = supergraphOf([
      {
        name: 'old',
        url: 'http://old.example/',
        sdl: `${federation('"@key"')} type Query { a: A } type A @key(fields: "id") { id: ID! x: Int y: Int }`,
      },
      {
        name: 'new',
        url: 'http://new.example/',
        sdl: `${federation('"@key", "@override"')} type A @key(fields: "id") { id: ID!
          x: Int @override(from: "old", label: "percent(75)")
          y: Int @override(from: "old", label: "percent(5)") } type Query { z: Int }`,
      },
    ]);
    expect((await start({ supergraphSdl })).overridePercentages).toEqual([5, 75]);
  });
});

describe('plan: the process of the stock planner', () => {
  test('gives its plans as plain JSON, and refuses what is not valid', async () => {
    const stock = await start({ planner: 'stock' });
    expect(await stock.plan('{ x }', 0)).toEqual({
      kind: 'QueryPlan',
      node: expect.objectContaining({ kind: 'Fetch', serviceName: 'a', operation: '{x}' }),
    });
    await expect(stock.plan('{ nothing }', 0)).rejects.toBeInstanceOf(NoPlan);
  });
});
