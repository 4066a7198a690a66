import { outcomeOf } from '../errors.ts';
import { type PlannedOperationOptions, plannedOperation } from '../operation/plannedOperation.ts';
import { rootFieldsOneByOne } from '../operation/rootFieldsOneByOne.ts';
import type { Planner } from '../plan/planner.ts';
import type { PlanNode, QueryPlan } from '../plan/queryPlan.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { timed } from '../telemetry/timed.ts';
import { tooManyFetches } from './tooManyFetches.ts';

export interface OperationPlansOptions {
  readonly planner: Planner;
  readonly telemetry: Telemetry;
  /** A plan that may need more requests to subgraphs is refused; `undefined` = no limit. */
  readonly maxFetches: number | undefined;
}

/** Gets plans for operations from the planner. */
export class OperationPlans {
  readonly #planner: Planner;
  readonly #telemetry: Telemetry;
  readonly #maxFetches: number;

  constructor({ planner, telemetry, maxFetches = Number.POSITIVE_INFINITY }: OperationPlansOptions) {
    this.#planner = planner;
    this.#telemetry = telemetry;
    this.#maxFetches = maxFetches;
  }

  /**
   * Draws for `@override(label: "percent(n)")`: a number from 0 to 100 for each request, rounded down to the next `n` that
   * makes a difference, so that few plans are made.
   */
  drawPercentage(): number {
    return this.#planner.overridePercentages.length === 0 ? 0 : this.roundPercentage(Math.random() * 100);
  }

  /** Down to the next that makes a difference. */
  roundPercentage(drawn: number): number {
    return this.#planner.overridePercentages.findLast((percentage) => percentage <= drawn) ?? 0;
  }

  /**
   * Plans an operation. A mutation whose fields need other subgraphs is planned field by field, so that each is complete before the next
   * begins.
   * @throws GatewayError MAX_SUBGRAPH_FETCHES_LIMIT, and what planning throws
   */
  async of(options: PlannedOperationOptions, percentage: number): Promise<QueryPlan> {
    const plan = await this.#planOperation(options, percentage);
    if (plan.fetchCount > this.#maxFetches) throw tooManyFetches(plan.fetchCount, this.#maxFetches);
    return plan;
  }

  async #planOperation(options: PlannedOperationOptions, percentage: number): Promise<QueryPlan> {
    const text = plannedOperation(options);
    if (text === undefined) return { root: undefined, fetchCount: 0 };
    const plan = await this.#planText(text, percentage);
    if (options.operation.operation !== 'mutation' || isOnlyRootFetches(plan.root)) return plan;
    const operations = rootFieldsOneByOne(options.operation, options.fragments);
    if (operations.length === 1) return plan;
    const plans: QueryPlan[] = [];
    for (const operation of operations) {
      const one = plannedOperation({ ...options, operation });
      if (one !== undefined) plans.push(await this.#planText(one, percentage));
    }
    return {
      root: { kind: 'sequence', nodes: plans.flatMap(({ root }) => root ?? []) },
      fetchCount: plans.reduce((count, { fetchCount }) => count + fetchCount, 0),
    };
  }

  #planText(text: string, percentage: number): Promise<QueryPlan> {
    const plan = this.#planner.plan(text, percentage);
    if (!this.#telemetry.isHeard) return plan;
    return timed(plan, (seconds, error) =>
      this.#telemetry.record('planningDuration', seconds, { outcome: outcomeOf(error, 'planned') }),
    );
  }
}

/** Such a plan of a mutation has its root fields in order, and nothing to be read between them. */
function isOnlyRootFetches(node: PlanNode | undefined): boolean {
  if (node === undefined || node.kind === 'root') return true;
  return node.kind === 'sequence' && node.nodes.every(isOnlyRootFetches);
}
