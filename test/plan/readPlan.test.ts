import { describe, expect, test } from '@jest/globals';
import { readPlan } from '../../gateway/plan/readPlan.ts';

/*
 * Shapes of the planners' JSON: `@graphql-hive/router-query-planner`, `dist/index.d.ts`, and what it was seen to write;
 * `@apollo/query-planner`, `QueryPlan.d.ts`.
 */

const fetchOf = (serviceName: string, more: Readonly<Record<string, unknown>> = {}) => ({
  kind: 'Fetch',
  serviceName,
  operationKind: 'query',
  operation: `{${serviceName}}`,
  ...more,
});

const rootOf = (subgraph: string, more: Readonly<Record<string, unknown>> = {}) => ({
  kind: 'root',
  subgraph,
  operation: `{${subgraph}}`,
  variables: [],
  operationKind: 'query',
  path: [],
  outputRewrites: [],
  ...more,
});

const requires = [
  {
    kind: 'InlineFragment',
    typeCondition: 'Product',
    selections: [
      { kind: 'Field', name: '__typename' },
      { kind: 'Field', name: 'upc' },
    ],
  },
];
const readRequires = [
  {
    kind: 'fragment',
    type: 'Product',
    selections: [
      { kind: 'field', name: '__typename', key: '__typename', selections: [] },
      { kind: 'field', name: 'upc', key: 'upc', selections: [] },
    ],
  },
];
const path = [{ Field: 'top' }, '@'];
const readPath = [{ kind: 'field', name: 'top' }, { kind: 'elements' }];

const entitiesOf = (subgraph: string) => ({
  kind: 'entities',
  subgraph,
  operation: `{${subgraph}}`,
  variables: [],
  lookups: [
    {
      responseKey: '_entities',
      variable: 'representations',
      paths: [readPath],
      requires: readRequires,
      inputRewrites: [],
      outputRewrites: [],
    },
  ],
});

const rootNode = (node: unknown): unknown => readPlan({ kind: 'QueryPlan', node }).root;

describe('plan: reading nodes', () => {
  test.each([[{}], [{ node: null }]])('%j is a plan without fetches', (json) => {
    expect(readPlan(json)).toEqual({ root: undefined, fetchCount: 0 });
  });

  test('a fetch asks for root fields', () => {
    expect(readPlan({ node: fetchOf('a', { variableUsages: ['v'], operationKind: 'mutation' }) })).toEqual({
      root: rootOf('a', { variables: ['v'], operationKind: 'mutation' }),
      fetchCount: 1,
    });
  });

  test.each([
    ['Sequence', 'sequence'],
    ['Parallel', 'parallel'],
  ])('a %s keeps the order of its nodes', (kind, read) => {
    expect(readPlan({ node: { kind, nodes: [fetchOf('b'), fetchOf('a')] } })).toEqual({
      root: { kind: read, nodes: [rootOf('b'), rootOf('a')] },
      fetchCount: 2,
    });
  });

  test.each(['Sequence', 'Parallel'])('a %s of one node is that node', (kind) => {
    expect(rootNode({ kind, nodes: [{ kind, nodes: [fetchOf('a')] }] })).toEqual(rootOf('a'));
  });

  test.each(['Sequence', 'Parallel'])('a %s of no nodes is nothing to fetch', (kind) => {
    expect(readPlan({ node: { kind, nodes: [] } })).toEqual({ root: undefined, fetchCount: 0 });
  });

  test('a condition has one clause, or both', () => {
    expect([
      readPlan({ node: { kind: 'Condition', condition: 'v', ifClause: fetchOf('a') } }),
      readPlan({ node: { kind: 'Condition', condition: 'v', ifClause: null, elseClause: fetchOf('b') } }),
      readPlan({
        node: { kind: 'Condition', condition: 'v', ifClause: fetchOf('a'), elseClause: fetchOf('b') },
      }),
    ]).toEqual([
      {
        root: { kind: 'condition', variable: 'v', ifTrue: rootOf('a'), ifFalse: undefined },
        fetchCount: 1,
      },
      {
        root: { kind: 'condition', variable: 'v', ifTrue: undefined, ifFalse: rootOf('b') },
        fetchCount: 1,
      },
      {
        root: { kind: 'condition', variable: 'v', ifTrue: rootOf('a'), ifFalse: rootOf('b') },
        fetchCount: 1,
      },
    ]);
  });

  test('a flattened fetch that requires something asks for entities', () => {
    expect(rootNode({ kind: 'Flatten', path, node: fetchOf('b', { requires }) })).toEqual(entitiesOf('b'));
  });

  test('a flattened fetch that requires nothing asks for root fields, further down', () => {
    expect(rootNode({ kind: 'Flatten', path, node: fetchOf('b', { requires: [] }) })).toEqual(
      rootOf('b', { path: readPath }),
    );
  });

  test('a flattened condition is a condition of flattened fetches', () => {
    const condition = {
      kind: 'Condition',
      condition: 'v',
      ifClause: fetchOf('b', { requires }),
      elseClause: null,
    };
    expect(rootNode({ kind: 'Flatten', path, node: condition })).toEqual({
      kind: 'condition',
      variable: 'v',
      ifTrue: entitiesOf('b'),
      ifFalse: undefined,
    });
  });

  test.each([
    ['Sequence', 'sequence'],
    ['Parallel', 'parallel'],
  ])('a flattened %s is one of flattened fetches', (kind, read) => {
    const nodes = [fetchOf('b', { requires }), fetchOf('c', { requires })];
    expect(rootNode({ kind: 'Flatten', path, node: { kind, nodes } })).toEqual({
      kind: read,
      nodes: [entitiesOf('b'), entitiesOf('c')],
    });
  });

  test('a flattened sequence of one node is that node', () => {
    const node = { kind: 'Sequence', nodes: [fetchOf('b', { requires })] };
    expect(rootNode({ kind: 'Flatten', path, node })).toEqual(entitiesOf('b'));
  });

  test('a batch asks for entities by several aliases, at several paths', () => {
    const alias = (number: number) => ({
      alias: `_e${number}`,
      representationsVariableName: `__batch_reps_${number}`,
      paths: [path, [{ Field: 'best' }]],
      requires,
    });
    const lookup = (number: number) => ({
      responseKey: `_e${number}`,
      variable: `__batch_reps_${number}`,
      paths: [readPath, [{ kind: 'field', name: 'best' }]],
      requires: readRequires,
      inputRewrites: [],
      outputRewrites: [],
    });
    const entityBatch = { aliases: [alias(0), alias(1)] };
    expect(rootNode({ ...fetchOf('b'), kind: 'BatchFetch', entityBatch })).toEqual({
      ...entitiesOf('b'),
      lookups: [lookup(0), lookup(1)],
    });
  });
});

describe('plan: reading paths', () => {
  test.each([
    ['as texts', ['top', '@', 'name'], [...readPath, { kind: 'field', name: 'name' }]],
    [
      'as objects',
      [{ Field: 'top' }, '@', { TypeCondition: ['A', 'B'] }],
      [...readPath, { kind: 'types', types: ['A', 'B'] }],
    ],
  ])('%s', (_name, written, read) => {
    expect(rootNode({ kind: 'Flatten', path: written, node: fetchOf('b') })).toEqual(
      rootOf('b', { path: read }),
    );
  });

  test('a step of another form is refused', () => {
    expect(() => rootNode({ kind: 'Flatten', path: [{ Other: 1 }], node: fetchOf('b') })).toThrow(
      'The planner gave an unknown step of a path: {"Other":1}',
    );
  });
});

describe('plan: reading what is required', () => {
  const requiredOf = (selection: unknown): unknown => {
    const node = rootNode({ kind: 'Flatten', path, node: fetchOf('b', { requires: [selection] }) });
    return (node as { lookups: readonly { requires: unknown }[] }).lookups[0]?.requires;
  };

  test('an alias is the name that is sent', () => {
    expect(requiredOf({ kind: 'Field', name: '_internal_price_1', alias: 'price' })).toEqual([
      { kind: 'field', name: 'price', key: '_internal_price_1', selections: [] },
    ]);
  });

  test('selections stand within fields and fragments without a type', () => {
    const inner = { kind: 'Field', name: 'x', selections: null };
    expect(
      requiredOf({ kind: 'InlineFragment', selections: [{ kind: 'Field', name: 'o', selections: [inner] }] }),
    ).toEqual([
      {
        kind: 'fragment',
        type: undefined,
        selections: [
          {
            kind: 'field',
            name: 'o',
            key: 'o',
            selections: [{ kind: 'field', name: 'x', key: 'x', selections: [] }],
          },
        ],
      },
    ]);
  });

  test('a selection of another kind is refused', () => {
    expect(() => requiredOf({ kind: 'FragmentSpread' })).toThrow(
      'The planner requires a selection of kind FragmentSpread.',
    );
  });
});

describe('plan: reading rewrites', () => {
  const setter = { path: [{ TypenameEquals: ['Item'] }, { Key: '__typename' }], setValueTo: 'Product' };
  const renamer = { path: ['... on Item', 'price_0'], renameKeyTo: 'price' };
  const read = [
    {
      kind: 'setValue',
      path: [
        { kind: 'types', types: ['Item'] },
        { kind: 'key', name: '__typename' },
      ],
      value: 'Product',
    },
    {
      kind: 'renameKey',
      path: [
        { kind: 'types', types: ['Item'] },
        { kind: 'key', name: 'price_0' },
      ],
      name: 'price',
    },
  ];

  test.each([
    ['by a key', [{ ValueSetter: setter }, { KeyRenamer: renamer }]],
    [
      'by a kind',
      [
        { kind: 'ValueSetter', ...setter },
        { kind: 'KeyRenamer', ...renamer },
      ],
    ],
  ])('told apart %s', (_name, outputRewrites) => {
    expect(rootNode(fetchOf('a', { outputRewrites }))).toEqual(rootOf('a', { outputRewrites: read }));
  });

  test('of another kind are refused', () => {
    expect(() => rootNode(fetchOf('a', { outputRewrites: [{ Other: {} }] }))).toThrow(
      'The planner gave an unknown rewrite: {"Other":{}}',
    );
  });
});

describe('plan: what is not read', () => {
  test.each([
    ['a node of an unknown kind', { kind: 'Other' }, 'The planner gave a node of an unknown kind: Other'],
    ['a node without a kind', {}, 'The planner gave a node of an unknown kind: undefined'],
    [
      'a flattened node of another kind',
      { kind: 'Flatten', path, node: { kind: 'Flatten' } },
      'The planner flattens a node of kind Flatten.',
    ],
    [
      'a fetch without an operation',
      { kind: 'Fetch', serviceName: 'a' },
      'The planner gave undefined where a text stands.',
    ],
    [
      'a fetch without a subgraph',
      { kind: 'Fetch', serviceName: null, operation: '{a}' },
      'The planner gave null where a text stands.',
    ],
  ])('%s throws', (_name, node, message) => {
    expect(() => rootNode(node)).toThrow(message);
  });

  test.each([
    ['a subscription node', { kind: 'Subscription', primary: fetchOf('a') }, 'SUBSCRIPTION_NOT_SUPPORTED'],
    [
      'a fetch of a subscription',
      fetchOf('a', { operationKind: 'subscription' }),
      'SUBSCRIPTION_NOT_SUPPORTED',
    ],
    ['a defer node', { kind: 'Defer', primary: {}, deferred: [] }, 'OPERATION_NOT_SUPPORTED'],
  ])('%s is refused', (_name, node, code) => {
    expect(() => rootNode(node)).toThrow(expect.objectContaining({ code }));
  });
});
