import { describe, expect, test } from '@jest/globals';
import { printPlan } from '../../gateway/plan/printPlan.ts';
import type { EntityFetchNode, EntityLookup, PlanNode, RootFetchNode } from '../../gateway/plan/queryPlan.ts';

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
  operation: 'query ($r: [_Any!]!) {\n  _entities(representations: $r) { z }\n}',
  variables: [],
  lookups: [lookup],
};

const printed = (node: PlanNode): string => printPlan({ root: node, fetchCount: 1 });

describe('plan: printing', () => {
  test('a plan without fetches', () => {
    expect(printPlan({ root: undefined, fetchCount: 0 })).toBe('QueryPlan {}');
  });

  test('sequences and parallels of fetches', () => {
    const nodes = [root('a'), { kind: 'parallel', nodes: [root('b'), root('"c"')] }] as const;
    expect(printed({ kind: 'sequence', nodes })).toMatchInlineSnapshot(`
     "QueryPlan {
       Sequence {
         Fetch(service: "a") {
           {x}
         },
         Parallel {
           Fetch(service: "b") {
             {x}
           },
           Fetch(service: "\\"c\\"") {
             {x}
           },
         },
       },
     }"
    `);
  });

  test('a fetch of entities with its places and what it requires', () => {
    expect(printed(entities)).toMatchInlineSnapshot(`
     "QueryPlan {
       Flatten(path: "top.@.[A|B]") {
         Fetch(service: "b") {
           _entities { ... on A { id o { ... { y } } } } =>
           query ($r: [_Any!]!) {
             _entities(representations: $r) { z }
           }
         },
       },
     }"
    `);
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
    expect(printed({ ...entities, lookups })).toMatchInlineSnapshot(`
     "QueryPlan {
       Flatten(path: "top.@.[A|B]", "best") {
         Fetch(service: "b") {
           _e0 {  } =>
           _e1 {  } =>
           query ($r: [_Any!]!) {
             _entities(representations: $r) { z }
           }
         },
       },
     }"
    `);
  });

  const include = 'Include(if: $v) {\n    Fetch(service: "a") {\n      {x}\n    },\n  },';
  const skip = 'Skip(if: $v) {\n    Fetch(service: "b") {\n      {x}\n    },\n  },';

  test.each([
    ['on true', { ifTrue: root('a'), ifFalse: undefined }, include],
    ['on false', { ifTrue: undefined, ifFalse: root('b') }, skip],
    ['on both', { ifTrue: root('a'), ifFalse: root('b') }, `${include}\n  ${skip}`],
  ])('a condition with a fetch %s', (_name, clauses, text) => {
    expect(printed({ kind: 'condition', variable: 'v', ...clauses })).toBe(`QueryPlan {\n  ${text}\n}`);
  });
});
