import { PartialUnions } from './partialUnions.ts';
import type { PlannerAnswer, PlannerRequest } from './plannerMessages.ts';

/** The process that owns one planner of one supergraph: told once which, then answers plannings in order. */
type Plan = (operation: string, percentage: number) => unknown;

let plan: Plan | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', async (request: PlannerRequest) => {
  if (request.kind === 'start') {
    try {
      const started = await (request.planner === 'native' ? native : stock)(request.supergraphSdl);
      plan = started.plan;
      answer({ kind: 'ready', overridePercentages: started.overridePercentages });
    } catch (error) {
      answer({ kind: 'refused', message: messageOf(error) });
    }
    return;
  }
  const { id, operation, percentage } = request;
  try {
    answer({ kind: 'planned', id, plan: plan?.(operation, percentage) });
  } catch (error) {
    answer({ kind: 'failed', id, message: messageOf(error) });
  }
});

interface StartedPlanner {
  readonly plan: Plan;
  readonly overridePercentages: readonly number[];
}

async function native(supergraphSdl: string): Promise<StartedPlanner> {
  const { QueryPlanner } = await import('@graphql-hive/router-query-planner');
  const partialUnions = PartialUnions.of(supergraphSdl);
  const planner = new QueryPlanner(partialUnions?.supergraphSdl ?? supergraphSdl);
  return {
    plan: (operation, percentage) => {
      const plan: unknown = planner.plan(operation, undefined, new Set(), percentage);
      return partialUnions === undefined ? plan : partialUnions.withKnownMembers(plan);
    },
    overridePercentages: planner.overridePercentages,
  };
}

async function stock(supergraphSdl: string): Promise<StartedPlanner> {
  const { operationFromDocument, Supergraph } = await import('@apollo/federation-internals');
  const { QueryPlanner } = await import('@apollo/query-planner');
  const { parse } = await import('graphql');
  const supergraph = Supergraph.build(supergraphSdl, { supportedFeatures: null });
  const planner = new QueryPlanner(supergraph);
  return {
    // as JSON: its nodes are objects of classes, which the channel does not take
    plan: (operation) =>
      JSON.parse(
        JSON.stringify(
          planner.buildQueryPlan(operationFromDocument(supergraph.apiSchema(), parse(operation))),
        ),
      ) as unknown,
    overridePercentages: [],
  };
}

function answer(message: PlannerAnswer): void {
  process.send?.(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
