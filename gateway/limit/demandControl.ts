import { GatewayError } from '../errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { FetchedData } from './cost/actualCost.ts';
import { type CostedOperation, type OperationCost, OperationCosts } from './cost/operationCosts.ts';
import type { CostInputs } from './cost/term.ts';
import type { Payer } from './rate/payer.ts';
import {
  type ChargedPoints,
  type RateLimiter,
  type RateLimitReport,
  rateLimitHeaders,
} from './rate/rateLimiter.ts';

export interface DemandControlOptions {
  /** `measure` refuses nothing. */
  readonly mode: 'measure' | 'enforce';
  /** The size of lists of which the supergraph says nothing. */
  readonly listSize: number;
  /** A dearer operation is refused in mode `enforce`; `undefined` = none is. */
  readonly max: number | undefined;
  /** Whether answers tell costs in `extensions.cost`, and in headers. */
  readonly tellsInExtensions: boolean;
  readonly tellsInHeaders: boolean;
  /** `undefined` where nobody has a budget. */
  readonly rateLimiter: RateLimiter | undefined;
  /** Whether answers tell of budgets in `extensions.rateLimit`; refusals always do. */
  readonly tellsRateLimit: boolean;
  readonly telemetry: Telemetry;
}

/** An operation before anything is planned or fetched for it: what its principal may ask of it. */
export interface DemandedOperation extends CostedOperation, CostInputs {
  readonly payer: Payer;
}

/** What an answer tells of costs and budgets. */
export interface Told {
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** An operation that was let through, and is executed now. */
export interface Admitted {
  /** Counts the actual cost by the data; `undefined` where nobody wants to know it. */
  readonly onData: ((fetched: FetchedData) => void) | undefined;
  /** To be called when the execution has ended, in whatever way: points that were not used go back. */
  settle(): Told;
}

const TELLS_NOTHING: Told = { extensions: undefined, headers: {} };
const FREE: Admitted = { onData: undefined, settle: () => TELLS_NOTHING };

/**
 * What an operation may cost, and who pays it. An operation is estimated, refused where it is too dear, and charged before
 * anything is planned; afterwards it is counted what it has cost, and the rest is given back.
 */
export class DemandControl {
  readonly #options: DemandControlOptions;
  readonly #costs: OperationCosts;

  constructor(options: DemandControlOptions) {
    this.#options = options;
    this.#costs = new OperationCosts(options);
  }

  /**
   * @throws GatewayError COST_ESTIMATED_TOO_EXPENSIVE, COST_QUERY_PARSE_FAILURE, RATE_LIMIT_EXCEEDED,
   *   RATE_LIMITER_UNAVAILABLE; nothing is charged then
   */
  async admit(demanded: DemandedOperation): Promise<Admitted> {
    if (!this.#isWanted()) return FREE;
    const { rateLimiter } = this.#options;
    const cost = this.#costs.of(demanded);
    const estimated = this.#estimate(cost, demanded);
    const isPaid = rateLimiter !== undefined && cost.formula.asksSubgraphs;
    const charged = isPaid ? await rateLimiter.charge(demanded.payer, estimated) : undefined;
    return this.#admitted({ cost, estimated, charged, inputs: demanded });
  }

  #isWanted(): boolean {
    const { mode, max, tellsInExtensions, tellsInHeaders, rateLimiter, telemetry } = this.#options;
    const isBounded = mode === 'enforce' && max !== undefined;
    return isBounded || rateLimiter !== undefined || tellsInExtensions || tellsInHeaders || telemetry.isHeard;
  }

  #estimate(cost: OperationCost, inputs: CostInputs): number {
    const { mode, max, telemetry } = this.#options;
    let estimated: number;
    try {
      estimated = cost.formula.estimate(inputs);
    } catch (error) {
      // who only measures must not refuse; a budget is charged the least there is
      if (mode === 'measure' && error instanceof GatewayError) return 0;
      throw error;
    }
    const isTooDear = max !== undefined && estimated > max;
    if (telemetry.isHeard) {
      const result = isTooDear ? 'COST_ESTIMATED_TOO_EXPENSIVE' : 'COST_OK';
      telemetry.record('costEstimated', estimated, { 'cost.result': result });
    }
    if (mode === 'enforce' && isTooDear) {
      throw new GatewayError('COST_ESTIMATED_TOO_EXPENSIVE', {
        message: `query estimated cost ${estimated} exceeded configured maximum ${max}`,
        extensions: { 'cost.estimated': estimated, 'cost.max': max },
      });
    }
    return estimated;
  }

  #admitted({ cost, estimated, charged, inputs }: AdmittedParts): Admitted {
    const { tellsInExtensions, tellsInHeaders, telemetry } = this.#options;
    const isAsked = charged !== undefined || tellsInExtensions || tellsInHeaders || telemetry.isHeard;
    if (!isAsked) return FREE;
    // without data nothing was given, and nothing is to be paid but the least
    let actual = 0;
    let told: Told | undefined;
    return {
      onData: (fetched) => {
        actual = cost.actual(fetched, inputs);
      },
      settle: () => {
        if (told === undefined) {
          if (telemetry.isHeard) {
            telemetry.record('costActual', actual, { 'cost.result': 'COST_OK' });
            telemetry.record('costDelta', estimated - actual, { 'cost.result': 'COST_OK' });
          }
          told = this.#tell({ estimated, actual, report: charged?.settle(actual) });
        }
        return told;
      },
    };
  }

  #tell({ estimated, actual, report }: ToldParts): Told {
    const { max, tellsInExtensions, tellsInHeaders, tellsRateLimit } = this.#options;
    const ofMax = max === undefined ? {} : { max };
    const extensions = {
      ...(tellsInExtensions ? { cost: { estimated, actual, ...ofMax, result: 'COST_OK' } } : {}),
      ...(tellsRateLimit && report !== undefined ? { rateLimit: report } : {}),
    };
    return {
      extensions: Object.keys(extensions).length === 0 ? undefined : extensions,
      headers: {
        ...(tellsInHeaders
          ? {
              'x-cost-estimated': String(estimated),
              'x-cost-actual': String(actual),
              ...(max === undefined ? {} : { 'x-cost-max': String(max) }),
            }
          : {}),
        ...(report === undefined ? {} : rateLimitHeaders(report)),
      },
    };
  }
}

interface AdmittedParts {
  readonly cost: OperationCost;
  readonly estimated: number;
  readonly charged: ChargedPoints | undefined;
  readonly inputs: CostInputs;
}

interface ToldParts {
  readonly estimated: number;
  readonly actual: number;
  readonly report: RateLimitReport | undefined;
}
