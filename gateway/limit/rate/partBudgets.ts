import { GraphQLError, type OperationDefinitionNode } from 'graphql';
import type { PartBudget, SpendPoints } from '../../authorize/ruleContext.ts';
import { GatewayError } from '../../errors.ts';
import type { ClientRequest } from '../../http/clientRequest.ts';
import { type CostFormula, compileCost, type OperationPart } from '../cost/costFormula.ts';
import type { CostedOperation } from '../cost/operationCosts.ts';
import type { CostInputs } from '../cost/term.ts';
import type { BucketStore } from './bucket.ts';
import { payerNames } from './payer.ts';
import { bucketOf, reportOf } from './rateLimiter.ts';

export interface PartBudgetsOptions {
  readonly store: BucketStore;
  /** The size of lists of which the supergraph says nothing. */
  readonly listSize: number;
  readonly minPoints: number;
  readonly clientNameHeader: string;
}

interface PayingRequest extends CostedOperation, CostInputs {
  readonly client: ClientRequest;
}

/** Charges for parts of the graph, where rules set a budget on them. */
export class PartBudgets {
  readonly #options: PartBudgetsOptions;
  readonly #formulas = new WeakMap<OperationDefinitionNode, Map<string, CostFormula>>();

  constructor(options: PartBudgetsOptions) {
    this.#options = options;
  }

  /** What rules of one request spend by: each part is paid once, however often its rule is asked. */
  spend(request: PayingRequest): SpendPoints {
    const paid = new Map<PartBudget, Map<string, Promise<true | Error>>>();
    return (budget, part) => {
      let ofBudget = paid.get(budget);
      if (ofBudget === undefined) {
        ofBudget = new Map();
        paid.set(budget, ofBudget);
      }
      const coordinate = `${part.typeName}.${part.fieldName}`;
      let payment = ofBudget.get(coordinate);
      if (payment === undefined) {
        payment = this.#pay(request, budget, part);
        ofBudget.set(coordinate, payment);
      }
      return payment;
    };
  }

  async #pay(request: PayingRequest, budget: PartBudget, part: OperationPart): Promise<true | Error> {
    const { store, minPoints, clientNameHeader } = this.#options;
    const { points, per, by, burst } = budget;
    const asBudget = { by, points, per_seconds: per, burst };
    const coordinate = `${part.typeName}.${part.fieldName}`;
    const space = JSON.stringify(budget.name ?? [coordinate]);
    const buckets = payerNames(by, { client: request.client, clientNameHeader }).map((name) =>
      bucketOf(asBudget, { name, space }),
    );
    if (buckets.length === 0)
      return refusal(`A budget by ${by} is set on ${coordinate}, and the caller has no ${by}.`);
    let cost: number;
    try {
      cost = Math.max(minPoints, this.#formulaOf(request, part).estimate(request));
    } catch (error) {
      if (error instanceof GatewayError) return refusal(error.message);
      throw error;
    }
    cost = Math.min(cost, Number.MAX_SAFE_INTEGER);
    const taken = await store.take(buckets, cost);
    if (taken.isAdmitted) return true;
    const report = reportOf(buckets, taken, cost);
    return refusal(
      `${coordinate} costs ${cost} points here, and ${report.remaining} of ${report.limit} are left to ${report.key} (${per} s).`,
      { rateLimit: report },
    );
  }

  #formulaOf({ schema, document, operation }: PayingRequest, part: OperationPart): CostFormula {
    let formulas = this.#formulas.get(operation);
    if (formulas === undefined) {
      formulas = new Map();
      this.#formulas.set(operation, formulas);
    }
    const key = `${part.typeName}.${part.fieldName}`;
    let formula = formulas.get(key);
    if (formula === undefined) {
      const { listSize } = this.#options;
      formula = compileCost({ schema, document, operation, listSize, countsRequires: true, part });
      formulas.set(key, formula);
    }
    return formula;
  }
}

/** An error of one field: the rest of the answer stands, so that it sets no status. */
function refusal(message: string, extensions: Readonly<Record<string, unknown>> = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, code: 'RATE_LIMIT_EXCEEDED' } });
}
