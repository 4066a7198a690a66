import type { PrivateAliases } from '../operation/privateAliases.ts';
import type { PlanNode, QueryPlan } from '../plan/queryPlan.ts';
import { compileEntityFetch } from './entityFetch.ts';
import type { Step } from './execution.ts';
import { compileRootFetch } from './rootFetch.ts';
import type { SendToSubgraph } from './sendToSubgraph.ts';
import type { TypeHierarchy } from './typeHierarchy.ts';

export interface CompileOptions {
  readonly types: TypeHierarchy;
  readonly aliases: PrivateAliases;
  /** How to reach each subgraph. */
  readonly send: SendToSubgraph;
}

/** Compiles a plan once; the steps are then run for every request. */
export function compilePlan(plan: QueryPlan, options: CompileOptions): Step {
  return plan.root === undefined ? () => undefined : compileNode(plan.root, options);
}

function compileNode(node: PlanNode, options: CompileOptions): Step {
  switch (node.kind) {
    case 'sequence': {
      const steps = node.nodes.map((child) => compileNode(child, options));
      return async (execution) => {
        for (const step of steps) await step(execution);
      };
    }
    case 'parallel': {
      const steps = node.nodes.map((child) => compileNode(child, options));
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
