import { describe, expect, test } from '@jest/globals';
import { fetchesOf, pathsOf, subgraphsOf } from '../../gateway/plan/fetchesOf.ts';
import type { EntityFetchNode, FetchPath, PlanNode, RootFetchNode } from '../../gateway/plan/queryPlan.ts';

const path = (...names: string[]): FetchPath => names.map((name) => ({ kind: 'field', name }));
const root = (subgraph: string): RootFetchNode => ({
  kind: 'root',
  subgraph,
  operation: '{a}',
  variables: [],
  operationKind: 'query',
  path: [],
  outputRewrites: [],
});
const entities = (subgraph: string, ...paths: FetchPath[]): EntityFetchNode => ({
  kind: 'entities',
  subgraph,
  operation: '{a}',
  variables: [],
  lookups: paths.map((each) => ({
    responseKey: '_entities',
    variable: 'representations',
    paths: [each],
    requires: [],
    inputRewrites: [],
    outputRewrites: [],
  })),
});

const plan: PlanNode = {
  kind: 'sequence',
  nodes: [
    root('a'),
    {
      kind: 'parallel',
      nodes: [
        entities('b', path('x'), path('x', 'y')),
        { kind: 'condition', variable: 'v', ifTrue: root('c'), ifFalse: undefined },
        { kind: 'condition', variable: 'v', ifTrue: undefined, ifFalse: entities('a', path('z')) },
      ],
    },
  ],
};

describe('plan: the fetches of a plan', () => {
  test('are those of all its branches, in order', () => {
    expect(fetchesOf(plan).map(({ kind, subgraph }) => `${kind} ${subgraph}`)).toEqual([
      'root a',
      'entities b',
      'root c',
      'entities a',
    ]);
  });

  test('have their subgraphs, each once', () => {
    expect(subgraphsOf(plan)).toEqual(['a', 'b', 'c']);
  });

  test('have the paths that they walk', () => {
    expect(pathsOf(plan)).toEqual([[], path('x'), path('x', 'y'), [], path('z')]);
  });

  test('are none where nothing is fetched', () => {
    expect([fetchesOf(undefined), subgraphsOf(undefined), pathsOf(undefined)]).toEqual([[], [], []]);
  });
});
