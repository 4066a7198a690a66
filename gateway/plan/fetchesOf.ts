import type { FetchNode, FetchPath, PlanNode } from './queryPlan.ts';

/** Every fetch of a plan, in the order of the plan; of a condition those of both branches. */
export function fetchesOf(node: PlanNode | undefined): readonly FetchNode[] {
  if (node === undefined) return [];
  switch (node.kind) {
    case 'root':
    case 'entities':
      return [node];
    case 'sequence':
    case 'parallel':
      return node.nodes.flatMap(fetchesOf);
    case 'condition':
      return [...fetchesOf(node.ifTrue), ...fetchesOf(node.ifFalse)];
    default:
      return node satisfies never;
  }
}

/** Every path that a fetch of the plan walks. */
export function pathsOf(node: PlanNode | undefined): readonly FetchPath[] {
  return fetchesOf(node).flatMap((fetch) =>
    fetch.kind === 'root' ? [fetch.path] : fetch.lookups.flatMap(({ paths }) => paths),
  );
}

/** The names of the subgraphs that a plan asks, each once. */
export function subgraphsOf(node: PlanNode | undefined): readonly string[] {
  return [...new Set(fetchesOf(node).map(({ subgraph }) => subgraph))];
}
