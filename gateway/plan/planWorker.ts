import { parentPort, workerData } from 'node:worker_threads';
import { QueryPlanner } from '@graphql-hive/router-query-planner';
import type { PlannerAnswer, PlannerRequest } from './plannerMessages.ts';

/** The thread that owns the planner of one supergraph: says once what it knows of it, then answers plannings in order. */
const planner = new QueryPlanner((workerData as { supergraphSdl: string }).supergraphSdl);
const port = parentPort;
const answer = (message: PlannerAnswer): void => port?.postMessage(message);

answer({
  kind: 'ready',
  overrideLabels: planner.overrideLabels,
  overridePercentages: planner.overridePercentages,
});

port?.on('message', ({ id, operation, activeLabels, percentage }: PlannerRequest) => {
  try {
    const plan = planner.plan(operation, undefined, new Set(activeLabels), percentage);
    answer({ kind: 'planned', id, plan });
  } catch (error) {
    answer({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
});
