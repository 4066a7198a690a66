import type { PrivateAliases } from '../operation/privateAliases.ts';
import { pathsOf } from '../plan/fetchesOf.ts';
import type { PlanNode, QueryPlan } from '../plan/queryPlan.ts';
import { compileEntityFetch } from './entityFetch.ts';
import type { Step } from './execution.ts';
import { compileRootFetch } from './rootFetch.ts';
import type { SendToSubgraph } from './sendToSubgraph.ts';
import type { TypeHierarchy } from './typeHierarchy.ts';
import { type MayUnite, uniteBy } from './unite.ts';

export interface CompileOptions {
  readonly types: TypeHierarchy;
  readonly aliases: PrivateAliases;
  /** See `customScalarFields`. */
  readonly customScalarFields: ReadonlySet<string>;
  /** How to reach each subgraph. */
  readonly send: SendToSubgraph;
}

/** What the nodes of one plan are compiled with. */
export interface NodeOptions extends CompileOptions {
  /** Whether equal objects at a path may become one. */
  readonly mayUnite: MayUnite;
}

/** Compiles a plan once; the steps are then run for every request. */
export function compilePlan(plan: QueryPlan, options: CompileOptions): Step {
  if (plan.root === undefined) return () => undefined;
  return compileNode(plan.root, { ...options, mayUnite: uniteBy(pathsOf(plan.root)) });
}

function compileNode(node: PlanNode, options: NodeOptions): Step {
  switch (node.kind) {
    case 'sequence': {
      const steps = node.nodes.map((child) => compileNode(child, options));
      return async (execution) => {
        for (const step of steps) await step(execution);
      };
    }
    case 'parallel': {
      // the shortest paths first: what becomes one object there is walked once below
      const steps = node.nodes
        .toSorted((a, b) => shortest(a) - shortest(b))
        .map((child) => compileNode(child, options));
      return async (execution) => {
        await Promise.all(steps.map((step) => step(execution)));
      };
    }
    case 'condition': {
      const variable = options.aliases.variableOf(node.variable);
      const ifTrue = node.ifTrue === undefined ? undefined : compileNode(node.ifTrue, options);
      const ifFalse = node.ifFalse === undefined ? undefined : compileNode(node.ifFalse, options);
      return (execution) => (execution.variables[variable] === true ? ifTrue : ifFalse)?.(execution);
    }
    case 'root':
      return compileRootFetch(node, options);
    case 'entities':
      return compileEntityFetch(node, options);
    default:
      return node satisfies never;
  }
}

function shortest(node: PlanNode): number {
  return Math.min(...pathsOf(node).map(({ length }) => length));
}
