import type { FetchPath, PlanNode, QueryPlan, RequiresSelection, Rewrite } from './queryPlan.ts';

/**
 * A plan in the shape that `@apollo/query-planner` gives (`QueryPlan.d.ts`), and that Apollo Sandbox and other tools draw. It
 * is for people: nothing executes it.
 */
export interface ApolloPlan {
  readonly kind: 'QueryPlan';
  readonly node?: ApolloPlanNode;
}

export type ApolloPlanNode =
  | { readonly kind: 'Sequence' | 'Parallel'; readonly nodes: readonly ApolloPlanNode[] }
  | { readonly kind: 'Flatten'; readonly path: readonly string[]; readonly node: ApolloFetch }
  | {
      readonly kind: 'Condition';
      readonly condition: string;
      readonly ifClause?: ApolloPlanNode;
      readonly elseClause?: ApolloPlanNode;
    }
  | ApolloFetch;

export interface ApolloFetch {
  readonly kind: 'Fetch';
  readonly serviceName: string;
  readonly requires?: readonly ApolloSelection[];
  readonly variableUsages: readonly string[];
  readonly operation: string;
  readonly operationKind: 'query' | 'mutation';
  readonly inputRewrites?: readonly ApolloRewrite[];
  readonly outputRewrites?: readonly ApolloRewrite[];
  /** Apollo has no such thing: several look-ups in one request. Its tools draw the node as a fetch at the first place. */
  readonly entityBatch?: {
    readonly aliases: readonly {
      readonly alias: string;
      readonly representationsVariableName: string;
      readonly paths: readonly (readonly string[])[];
      readonly requires: readonly ApolloSelection[];
    }[];
  };
}

export type ApolloSelection =
  | {
      readonly kind: 'Field';
      readonly name: string;
      readonly alias?: string;
      readonly selections?: readonly ApolloSelection[];
    }
  | {
      readonly kind: 'InlineFragment';
      readonly typeCondition?: string;
      readonly selections: readonly ApolloSelection[];
    };

type ApolloRewrite =
  | { readonly kind: 'ValueSetter'; readonly path: readonly string[]; readonly setValueTo: string }
  | { readonly kind: 'KeyRenamer'; readonly path: readonly string[]; readonly renameKeyTo: string };

export function apolloPlanOf({ root }: QueryPlan): ApolloPlan {
  return root === undefined ? { kind: 'QueryPlan' } : { kind: 'QueryPlan', node: nodeOf(root) };
}

function nodeOf(node: PlanNode): ApolloPlanNode {
  switch (node.kind) {
    case 'sequence':
      return { kind: 'Sequence', nodes: node.nodes.map(nodeOf) };
    case 'parallel':
      return { kind: 'Parallel', nodes: node.nodes.map(nodeOf) };
    case 'condition':
      return {
        kind: 'Condition',
        condition: node.variable,
        ...(node.ifTrue === undefined ? {} : { ifClause: nodeOf(node.ifTrue) }),
        ...(node.ifFalse === undefined ? {} : { elseClause: nodeOf(node.ifFalse) }),
      };
    case 'root': {
      const fetch: ApolloFetch = {
        kind: 'Fetch',
        serviceName: node.subgraph,
        variableUsages: node.variables,
        operation: node.operation,
        operationKind: node.operationKind,
        ...rewritesOf([], node.outputRewrites),
      };
      return node.path.length === 0 ? fetch : { kind: 'Flatten', path: pathOf(node.path), node: fetch };
    }
    case 'entities': {
      const { lookups } = node;
      const isPlain = lookups.length === 1 && lookups[0]?.paths.length === 1;
      const fetch: ApolloFetch = {
        kind: 'Fetch',
        serviceName: node.subgraph,
        requires: lookups.flatMap(({ requires }) => requires.map(selectionOf)),
        variableUsages: node.variables,
        operation: node.operation,
        operationKind: 'query',
        ...rewritesOf(
          lookups.flatMap(({ inputRewrites }) => inputRewrites),
          lookups.flatMap(({ outputRewrites }) => outputRewrites),
        ),
        ...(isPlain
          ? {}
          : {
              entityBatch: {
                aliases: lookups.map(({ responseKey, variable, paths, requires }) => ({
                  alias: responseKey,
                  representationsVariableName: variable,
                  paths: paths.map(pathOf),
                  requires: requires.map(selectionOf),
                })),
              },
            }),
      };
      return { kind: 'Flatten', path: pathOf(lookups[0]?.paths[0] ?? []), node: fetch };
    }
    default:
      return node satisfies never;
  }
}

/** `['products', '@', 'owner|[User,Shop]']`: conditions on types stand with the step before them. */
function pathOf(path: FetchPath): readonly string[] {
  const steps: string[] = [];
  for (const step of path) {
    if (step.kind === 'field') steps.push(step.name);
    else if (step.kind === 'elements') steps.push('@');
    else steps.push(`${steps.pop() ?? ''}|[${step.types.join(',')}]`);
  }
  return steps;
}

function selectionOf(selection: RequiresSelection): ApolloSelection {
  const selections = selection.selections.map(selectionOf);
  if (selection.kind === 'fragment') {
    return {
      kind: 'InlineFragment',
      ...(selection.type === undefined ? {} : { typeCondition: selection.type }),
      selections,
    };
  }
  const { name, key } = selection;
  return {
    kind: 'Field',
    name: key,
    ...(name === key ? {} : { alias: name }),
    ...(selections.length === 0 ? {} : { selections }),
  };
}

function rewritesOf(
  input: readonly Rewrite[],
  output: readonly Rewrite[],
): Pick<ApolloFetch, 'inputRewrites' | 'outputRewrites'> {
  return {
    ...(input.length === 0 ? {} : { inputRewrites: input.map(rewriteOf) }),
    ...(output.length === 0 ? {} : { outputRewrites: output.map(rewriteOf) }),
  };
}

function rewriteOf(rewrite: Rewrite): ApolloRewrite {
  const path = rewrite.path.map((step) =>
    step.kind === 'key' ? step.name : `... on ${step.types.join(',')}`,
  );
  return rewrite.kind === 'setValue'
    ? { kind: 'ValueSetter', path, setValueTo: rewrite.value }
    : { kind: 'KeyRenamer', path, renameKeyTo: rewrite.name };
}
