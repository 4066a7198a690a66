import { GatewayError } from '../errors.ts';
import { NoPlan, PlannerProcess, type PlannerProcessOptions } from './plannerProcess.ts';
import type { QueryPlan } from './queryPlan.ts';
import { readPlan } from './readPlan.ts';

export type PlannerOptions = Pick<PlannerProcessOptions, 'timeoutMs' | 'maxQueue'>;

/** The stock planner is slower, and is asked for little: it may take longer. */
const STOCK_PATIENCE = 10;

/**
 * Plans operations of one supergraph: by the native planner, and by the stock one where that finds no plan, or dies of the
 * operation. The stock planner's process is started when it is first needed.
 */
export class Planner {
  readonly #supergraphSdl: string;
  readonly #options: PlannerOptions;
  readonly #native: PlannerProcess;
  #stock: Promise<PlannerProcess> | undefined;

  private constructor(supergraphSdl: string, options: PlannerOptions, native: PlannerProcess) {
    this.#supergraphSdl = supergraphSdl;
    this.#options = options;
    this.#native = native;
  }

  /** @throws GatewayError SUPERGRAPH_INVALID when the native planner refuses the supergraph */
  static async start(supergraphSdl: string, options: PlannerOptions): Promise<Planner> {
    const native = await PlannerProcess.start({ ...options, planner: 'native', supergraphSdl });
    return new Planner(supergraphSdl, options, native);
  }

  /** The `n` of every `@override(label: "percent(n)")`, ascending. */
  get overridePercentages(): readonly number[] {
    return this.#native.overridePercentages;
  }

  /**
   * @param operation one operation with its fragments
   * @param percentage 0 to 100: fields overridden for `percent(n)` are where it is below `n`
   * @throws GatewayError OPERATION_TOO_COMPLEX past the deadline, REQUEST_CONCURRENCY_LIMITED when too many wait,
   *   OPERATION_NOT_SUPPORTED when no subgraph can be asked for what it selects
   */
  async plan(operation: string, percentage: number): Promise<QueryPlan> {
    try {
      return readPlan(await this.#native.plan(operation, percentage));
    } catch (error) {
      if (!(error instanceof NoPlan)) throw error;
      const plan = readPlan(await (await this.#startStock()).plan(operation, percentage));
      // the stock planner says nothing of fields that it found no way to, and plans what is left: here nothing
      if (plan.root !== undefined) return plan;
      throw new GatewayError('OPERATION_NOT_SUPPORTED', {
        message: 'No subgraph can be asked for the fields of the operation.',
        cause: error,
      });
    }
  }

  /** Operations that wait for the native planner. */
  get queueLength(): number {
    return this.#native.queueLength;
  }

  async close(): Promise<void> {
    const stock = await this.#stock?.catch(() => undefined);
    await Promise.all([this.#native.close(), stock?.close()]);
  }

  #startStock(): Promise<PlannerProcess> {
    this.#stock ??= PlannerProcess.start({
      planner: 'stock',
      supergraphSdl: this.#supergraphSdl,
      timeoutMs: this.#options.timeoutMs * STOCK_PATIENCE,
      maxQueue: this.#options.maxQueue,
    }).catch((error: unknown) => {
      this.#stock = undefined;
      throw error;
    });
    return this.#stock;
  }
}
