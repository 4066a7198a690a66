import { prettyFormatQueryPlan } from '@apollo/query-planner';
import { describe, expect, test } from '@jest/globals';
import { apolloPlanOf } from '../../gateway/plan/apolloPlan.ts';
import { printPlan } from '../../gateway/plan/printPlan.ts';
import type { EntityFetchNode, EntityLookup, PlanNode, RootFetchNode } from '../../gateway/plan/queryPlan.ts';
import { readPlan } from '../../gateway/plan/readPlan.ts';

const root = (subgraph: string): RootFetchNode => ({
  kind: 'root',
  subgraph,
  operation: '{x}',
  variables: [],
  operationKind: 'query',
  path: [],
  outputRewrites: [],
});

const lookup: EntityLookup = {
  responseKey: '_entities',
  variable: 'representations',
  paths: [[{ kind: 'field', name: 'top' }, { kind: 'elements' }, { kind: 'types', types: ['A', 'B'] }]],
  requires: [
    {
      kind: 'fragment',
      type: 'A',
      selections: [
        { kind: 'field', name: 'id', key: 'id', selections: [] },
        {
          kind: 'field',
          name: 'o',
          key: '_o_1',
          selections: [
            {
              kind: 'fragment',
              type: undefined,
              selections: [{ kind: 'field', name: 'y', key: 'y', selections: [] }],
            },
          ],
        },
      ],
    },
  ],
  inputRewrites: [],
  outputRewrites: [],
};

const entities: EntityFetchNode = {
  kind: 'entities',
  subgraph: 'b',
  operation: 'query($r:[_Any!]!){_entities(representations:$r){...on B{z}}}',
  variables: [],
  lookups: [lookup],
};

const printed = (node: PlanNode): string => printPlan({ root: node, fetchCount: 1 });

/** The stock printer is told the types of its own package. */
const stockPrinted = (node: PlanNode): string =>
  prettyFormatQueryPlan(
    apolloPlanOf({ root: node, fetchCount: 1 }) as Parameters<typeof prettyFormatQueryPlan>[0],
  );

const plans: readonly (readonly [string, PlanNode])[] = [
  ['a fetch', root('a')],
  [
    'sequences and parallels of fetches',
    {
      kind: 'sequence',
      nodes: [root('a'), { kind: 'parallel', nodes: [root('b'), entities] }],
    },
  ],
  ['root fields below a field', { ...root('a'), path: [{ kind: 'field', name: 'self' }] }],
  [
    'a mutation',
    {
      ...root('a'),
      operationKind: 'mutation',
      operation: 'mutation($n:Int){x(n:$n)}',
    },
  ],
  ['a condition on true', { kind: 'condition', variable: 'v', ifTrue: root('a'), ifFalse: undefined }],
  ['a condition on false', { kind: 'condition', variable: 'v', ifTrue: undefined, ifFalse: entities }],
  ['a condition on both', { kind: 'condition', variable: 'v', ifTrue: root('a'), ifFalse: entities }],
];

describe('plan: printing', () => {
  test('a plan without fetches', () => {
    expect(printPlan({ root: undefined, fetchCount: 0 })).toBe('QueryPlan {}');
  });

  test.each(plans)('%s as @apollo/query-planner prints it', (_name, node) => {
    expect(printed(node)).toBe(stockPrinted(node));
  });

  test('several lookups at several places', () => {
    const lookups = [
      { ...lookup, responseKey: '_e0', requires: [] },
      {
        ...lookup,
        responseKey: '_e1',
        requires: [],
        paths: [[{ kind: 'field', name: 'best' }]],
      },
    ] as const;
    const operation =
      'query($r:[_Any!]!){_e0:_entities(representations:$r){...on B{z}} _e1:_entities(representations:$r){...on B{y}}}';
    expect(printed({ ...entities, operation, lookups })).toMatchInlineSnapshot(`
     "QueryPlan {
       Flatten(path: "top.@|[A,B]", "best") {
         Fetch(service: "b") {
           _e0 {} =>
           _e1 {} =>
           {
             _e0: _entities(representations: $r) {
               ... on B {
                 z
               }
             }
             _e1: _entities(representations: $r) {
               ... on B {
                 y
               }
             }
           }
         },
       },
     }"
    `);
  });
});

describe('plan: in the shape of Apollo', () => {
  test('a fetch of entities', () => {
    expect(apolloPlanOf({ root: entities, fetchCount: 1 })).toEqual({
      kind: 'QueryPlan',
      node: {
        kind: 'Flatten',
        path: ['top', '@|[A,B]'],
        node: {
          kind: 'Fetch',
          serviceName: 'b',
          requires: [
            {
              kind: 'InlineFragment',
              typeCondition: 'A',
              selections: [
                { kind: 'Field', name: 'id' },
                {
                  kind: 'Field',
                  name: '_o_1',
                  alias: 'o',
                  selections: [
                    {
                      kind: 'InlineFragment',
                      selections: [{ kind: 'Field', name: 'y' }],
                    },
                  ],
                },
              ],
            },
          ],
          variableUsages: [],
          operation: 'query($r:[_Any!]!){_entities(representations:$r){...on B{z}}}',
          operationKind: 'query',
        },
      },
    });
  });

  test('names every lookup of a batch, and is still one fetch', () => {
    const lookups = [
      lookup,
      {
        ...lookup,
        responseKey: '_e1',
        paths: [[{ kind: 'field', name: 'best' }]],
      },
    ] as const;
    expect(apolloPlanOf({ root: { ...entities, lookups }, fetchCount: 1 })).toMatchObject({
      node: {
        kind: 'Flatten',
        node: {
          kind: 'Fetch',
          entityBatch: {
            aliases: [
              { alias: '_entities', paths: [['top', '@|[A,B]']] },
              { alias: '_e1', paths: [['best']] },
            ],
          },
        },
      },
    });
  });

  test('is read back as the same plan', () => {
    const renamed: EntityFetchNode = {
      ...entities,
      lookups: [
        {
          ...lookup,
          paths: [[{ kind: 'field', name: 'top' }, { kind: 'elements' }]],
          inputRewrites: [
            {
              kind: 'setValue',
              path: [
                { kind: 'types', types: ['A'] },
                { kind: 'key', name: '__typename' },
              ],
              value: 'I',
            },
          ],
          outputRewrites: [
            {
              kind: 'renameKey',
              path: [{ kind: 'key', name: 'z' }],
              name: 'y',
            },
          ],
        },
      ],
    };
    const node: PlanNode = {
      kind: 'sequence',
      nodes: [
        root('a'),
        {
          kind: 'condition',
          variable: 'v',
          ifTrue: renamed,
          ifFalse: root('b'),
        },
      ],
    };
    expect(readPlan(apolloPlanOf({ root: node, fetchCount: 2 }))).toEqual({
      root: node,
      fetchCount: 2,
    });
  });
});
