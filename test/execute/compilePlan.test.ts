import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { GatewayError } from '../../gateway/errors.ts';
import { compilePlan } from '../../gateway/execute/compilePlan.ts';
import type { DataObject } from '../../gateway/execute/data.ts';
import type { Execution } from '../../gateway/execute/execution.ts';
import type { SendToSubgraph } from '../../gateway/execute/sendToSubgraph.ts';
import type { SubgraphResponse } from '../../gateway/execute/subgraph/subgraphRequest.ts';
import { TypeHierarchy } from '../../gateway/execute/typeHierarchy.ts';
import { privateAliasesFor } from '../../gateway/operation/privateAliases.ts';
import type { EntityFetchNode, FetchPath, PlanNode, RootFetchNode } from '../../gateway/plan/queryPlan.ts';
import { caller } from './caller.ts';

const types = new TypeHierarchy(parse('type Query { a: Int } type Product { id: ID }'));
const aliases = privateAliasesFor(buildSchema('type Query { a: Int }'), new Set());

const root = (subgraph: string, path: FetchPath = []): RootFetchNode => ({
  kind: 'root',
  subgraph,
  operation: `{${subgraph}}`,
  variables: [],
  operationKind: 'query',
  path,
  outputRewrites: [],
});

const at = (...names: string[]): FetchPath => names.map((name) => ({ kind: 'field', name }));

const entities = (subgraph: string, ...paths: FetchPath[]): EntityFetchNode => ({
  kind: 'entities',
  subgraph,
  operation: `{${subgraph}}`,
  variables: [],
  lookups: [
    {
      responseKey: '_entities',
      variable: 'representations',
      paths,
      requires: [
        {
          kind: 'fragment',
          type: 'Product',
          selections: [
            { kind: 'field', name: '__typename', key: '__typename', selections: [] },
            { kind: 'field', name: 'id', key: 'id', selections: [] },
          ],
        },
      ],
      inputRewrites: [],
      outputRewrites: [],
    },
  ],
});

interface Run extends Execution {
  /** The subgraphs that were asked, with the variables, in order. */
  readonly sent: readonly string[];
}

interface Given {
  readonly data?: DataObject;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Answers by subgraph. */
  readonly answers?: Readonly<Record<string, SubgraphResponse | Error | (() => Promise<SubgraphResponse>)>>;
}

async function run(node: PlanNode | undefined, given: Given = {}): Promise<Run> {
  const sent: string[] = [];
  const send: SendToSubgraph = async ({ subgraph }, { body }) => {
    const { variables } = JSON.parse(body) as { variables?: unknown };
    sent.push(variables === undefined ? subgraph : `${subgraph} ${JSON.stringify(variables)}`);
    const answer = given.answers?.[subgraph] ?? { data: { [subgraph]: 1 } };
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer() : answer;
  };
  const execution: Execution = {
    variables: given.variables ?? {},
    caller,
    data: given.data ?? {},
    errors: [],
    failed: new Set(),
    shared: new Set(),
  };
  await compilePlan(
    { root: node, fetchCount: 0 },
    { types, aliases, customScalarFields: new Set(), send },
  )(execution);
  return { ...execution, sent };
}

describe('execute: a plan', () => {
  test('without nodes asks nobody', async () => {
    const { data, sent } = await run(undefined);
    expect([data, sent]).toEqual([{}, []]);
  });

  test('asks for the next node of a sequence when the one before is answered', async () => {
    const order: string[] = [];
    const a = async (): Promise<SubgraphResponse> => {
      order.push('a asked');
      await new Promise(setImmediate);
      order.push('a answered');
      return { data: { a: 2, b: 0 } };
    };
    const b = async (): Promise<SubgraphResponse> => {
      order.push('b asked');
      return { data: { b: 1 } };
    };
    const { data } = await run({ kind: 'sequence', nodes: [root('a'), root('b')] }, { answers: { a, b } });
    expect([data, order]).toEqual([{ a: 2, b: 1 }, ['a asked', 'a answered', 'b asked']]);
  });

  test('asks for all nodes of a parallel at once', async () => {
    let tellAsked = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      tellAsked = resolve;
    });
    // the first is answered only when the second is asked
    const a = async (): Promise<SubgraphResponse> => {
      await isAsked;
      return { data: { a: 1 } };
    };
    const b = async (): Promise<SubgraphResponse> => {
      tellAsked();
      return { data: { b: 2 } };
    };
    const { data } = await run({ kind: 'parallel', nodes: [root('a'), root('b')] }, { answers: { a, b } });
    expect(data).toEqual({ a: 1, b: 2 });
  });

  test('goes on after a node of a sequence that failed', async () => {
    const nodes = [root('a'), root('b')] as const;
    const failure = new GatewayError('GATEWAY_TIMEOUT', { message: 'late', subgraph: 'a' });
    const { data, errors } = await run({ kind: 'sequence', nodes }, { answers: { a: failure } });
    expect([data, errors.map(({ message }) => message)]).toEqual([{ b: 1 }, ['late']]);
  });

  test('ends with a fault that is no error of a subgraph', async () => {
    await expect(run(root('a'), { answers: { a: new TypeError('a bug') } })).rejects.toThrow('a bug');
  });

  test.each([
    [{ v: true }, ['a']],
    [{ v: false }, ['b']],
    [{}, ['b']],
  ])('takes the clause for the condition %j', async (variables, expected) => {
    const node = { kind: 'condition', variable: 'v', ifTrue: root('a'), ifFalse: root('b') } as const;
    expect((await run(node, { variables })).sent).toEqual(expected);
  });

  test('reads a condition from the client’s own variable', async () => {
    const variable = aliases.plannedVariableOf('representations');
    const node = { kind: 'condition', variable, ifTrue: root('a'), ifFalse: undefined } as const;
    expect((await run(node, { variables: { representations: true } })).sent).toEqual(['a']);
  });
});

describe('execute: a fetch of roots further down', () => {
  test('is merged into every object there, and shared by none', async () => {
    const data = { list: [{}, { x: 1 }] };
    const path: FetchPath = [...at('list'), { kind: 'elements' }];
    const answers = { a: { data: { o: { y: 1 } } } };
    const execution = await run(root('a', path), { data, answers });
    expect([execution.data, execution.sent]).toEqual([
      { list: [{ o: { y: 1 } }, { x: 1, o: { y: 1 } }] },
      ['a'],
    ]);
    const [first, second] = data.list as { o?: unknown }[];
    expect(first?.o).not.toBe(second?.o);
  });

  test('is not sent where there is no object', async () => {
    expect((await run(root('a', at('b')), { data: { b: null } })).sent).toEqual([]);
  });

  test('has its errors at every object there', async () => {
    const path: FetchPath = [...at('list'), { kind: 'elements' }];
    const answers = { a: { data: { _t_x: null }, errors: [{ message: 'no', path: ['_t_x'] }] } };
    const { errors } = await run(root('a', path), { data: { list: [{}, {}] }, answers });
    expect(errors.map((error) => error.path)).toEqual([
      ['list', 0, 'x'],
      ['list', 1, 'x'],
    ]);
  });
});

describe('execute: a fetch of entities', () => {
  const product = (id: string): DataObject => ({ __typename: 'Product', id });
  const list: FetchPath = [...at('list'), { kind: 'elements' }];

  test('sends one representation for two equal entities, and answers both', async () => {
    const data = { list: [product('1'), product('2'), product('1')] };
    const answers = { a: { data: { _entities: [{ name: 'Tea' }, { name: 'Cup' }] } } };
    const { sent } = await run(entities('a', list), { data, answers });
    expect([sent, data.list.map(({ name }) => name)]).toEqual([
      ['a {"representations":[{"__typename":"Product","id":"1"},{"__typename":"Product","id":"2"}]}'],
      ['Tea', 'Cup', 'Tea'],
    ]);
  });

  test('sends one representation for one entity at two paths', async () => {
    const data = { best: product('1'), list: [product('1')] };
    const answers = { a: { data: { _entities: [{ maker: { name: 'Ann' } }] } } };
    const { sent } = await run(entities('a', at('best'), list), { data, answers });
    expect(sent).toEqual(['a {"representations":[{"__typename":"Product","id":"1"}]}']);
    expect(data).toEqual({
      best: { ...product('1'), maker: { name: 'Ann' } },
      list: [{ ...product('1'), maker: { name: 'Ann' } }],
    });
    // what one path is asked for later must not show at the other
    expect(data.best.maker).not.toBe(data.list[0]?.maker);
  });

  test.each([
    ['null', { list: null }],
    ['an empty list', { list: [] }],
    ['only objects of other types', { list: [{ __typename: 'Query', id: '1' }] }],
    ['only objects without a key', { list: [{ __typename: 'Product' }] }],
  ])('is not sent for %s', async (_name, data) => {
    expect((await run(entities('a', list), { data })).sent).toEqual([]);
  });

  test('an object that is no entity is left out, and the others keep their answers', async () => {
    const data = {
      list: [{ __typename: 'Query' }, product('1'), null, { __typename: 'Product' }, product('2')],
    };
    const answers = { a: { data: { _entities: [{ n: 1 }, { n: 2 }] } } };
    await run(entities('a', list), { data, answers });
    expect(data.list).toEqual([
      { __typename: 'Query' },
      { ...product('1'), n: 1 },
      null,
      { __typename: 'Product' },
      { ...product('2'), n: 2 },
    ]);
  });

  test('makes equal objects at one path one object', async () => {
    const data = { list: [product('1'), product('1'), { ...product('1'), name: 'Tea' }] };
    const answers = { a: { data: { _entities: [{ n: 1 }] } } };
    const { shared } = await run(entities('a', list), { data, answers });
    expect(data.list).toEqual([
      { ...product('1'), n: 1 },
      { ...product('1'), n: 1 },
      { ...product('1'), n: 1, name: 'Tea' },
    ]);
    expect([data.list[1] === data.list[0], data.list[2] === data.list[0]]).toEqual([true, false]);
    expect([...shared]).toEqual([data.list[0]]);
  });

  test('that fails marks the objects that it was for', async () => {
    const data = { list: [product('1'), { ...product('1'), name: 'Tea' }] };
    const failure = new GatewayError('SUBREQUEST_HTTP_ERROR', { message: 'gone', subgraph: 'a' });
    const { failed, errors } = await run(entities('a', list), { data, answers: { a: failure } });
    expect([...failed]).toEqual(data.list);
    expect(errors.map(({ message, path }) => [message, path])).toEqual([['gone', ['list']]]);
  });
});
