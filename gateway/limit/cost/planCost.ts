import { Kind, parse } from 'graphql';
import { GatewayError } from '../../errors.ts';
import { compileCost } from './costFormula.ts';
import type { CostSchema } from './costSchema.ts';
import type { CostInputs } from './term.ts';

/** What is read of a query plan. */
export type CostedNode =
  | { readonly kind: 'sequence' | 'parallel'; readonly nodes: readonly CostedNode[] }
  | {
      readonly kind: 'condition';
      readonly ifTrue: CostedNode | undefined;
      readonly ifFalse: CostedNode | undefined;
    }
  | { readonly kind: 'root' | 'entities'; readonly subgraph: string; readonly operation: string };

/** What one operation may cost a subgraph. */
export interface SubgraphCostLimits {
  readonly listSizeOf: (subgraph: string) => number;
  /** `undefined` = any cost. */
  readonly maxOf: (subgraph: string) => number | undefined;
}

/** The subgraphs that are not asked, and why. */
export type RefuseSubgraphs = (inputs: CostInputs) => ReadonlyMap<string, GatewayError> | undefined;

type CostBySubgraph = Readonly<Record<string, number>>;
type PlanCost = (inputs: CostInputs) => CostBySubgraph;

/**
 * Compiles what the fetches of a plan cost each subgraph: sequences and parallels are added up, of a condition the larger branch
 * counts, and `_entities` is a list. Source: Apollo Router, `static_cost.rs`, `score_plan_node`.
 *
 * @returns `undefined` where no subgraph of the plan has a limit
 */
export function compileSubgraphLimits(
  root: CostedNode | undefined,
  { schema, limits }: { readonly schema: CostSchema; readonly limits: SubgraphCostLimits },
): RefuseSubgraphs | undefined {
  if (root === undefined || !isLimited(root, limits)) return undefined;
  const costs = planCost(root, schema, limits);
  return (inputs) => {
    let refused: Map<string, GatewayError> | undefined;
    for (const [subgraph, estimated] of Object.entries(costs(inputs))) {
      const max = limits.maxOf(subgraph);
      if (max === undefined || estimated <= max) continue;
      refused ??= new Map();
      refused.set(subgraph, tooDear(subgraph, estimated, max));
    }
    return refused;
  };
}

/** The cost of the fetches of a plan, by subgraph. */
export function planCost(
  node: CostedNode,
  schema: CostSchema,
  limits: Pick<SubgraphCostLimits, 'listSizeOf'>,
): PlanCost {
  switch (node.kind) {
    case 'sequence':
    case 'parallel': {
      const costs = node.nodes.map((each) => planCost(each, schema, limits));
      return (inputs) =>
        costs.map((cost) => cost(inputs)).reduce((one, other) => merged(one, other, add), NONE);
    }
    case 'condition': {
      const [one, other] = [node.ifTrue, node.ifFalse].map((each) => each && planCost(each, schema, limits));
      return (inputs) => merged(one?.(inputs) ?? NONE, other?.(inputs) ?? NONE, Math.max);
    }
    default: {
      const document = parse(node.operation, { noLocation: true });
      const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
      if (operation?.kind !== Kind.OPERATION_DEFINITION) return () => NONE;
      const listSize = limits.listSizeOf(node.subgraph);
      const formula = compileCost({ schema, document, operation, listSize, countsRequires: false });
      return (inputs) => ({ [node.subgraph]: formula.estimate(inputs) });
    }
  }
}

const NONE: CostBySubgraph = Object.freeze({});
const add = (one: number, other: number): number => one + other;

function merged(
  one: CostBySubgraph,
  other: CostBySubgraph,
  by: (a: number, b: number) => number,
): CostBySubgraph {
  const sum: Record<string, number> = { ...one };
  for (const [subgraph, cost] of Object.entries(other)) sum[subgraph] = by(sum[subgraph] ?? 0, cost);
  return sum;
}

function isLimited(node: CostedNode, limits: SubgraphCostLimits): boolean {
  switch (node.kind) {
    case 'sequence':
    case 'parallel':
      return node.nodes.some((each) => isLimited(each, limits));
    case 'condition':
      return [node.ifTrue, node.ifFalse].some((each) => each !== undefined && isLimited(each, limits));
    default:
      return limits.maxOf(node.subgraph) !== undefined;
  }
}

function tooDear(subgraph: string, estimated: number, max: number): GatewayError {
  return new GatewayError('SUBGRAPH_COST_ESTIMATED_TOO_EXPENSIVE', {
    subgraph,
    message: `query estimated cost ${estimated} exceeded configured maximum ${max} of subgraph ${subgraph}`,
    extensions: {
      'cost.subgraph': subgraph,
      'cost.subgraph.estimated': estimated,
      'cost.subgraph.max': max,
    },
  });
}
