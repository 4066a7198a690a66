import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { GatewayError } from '../errors.ts';
import { startWorker } from '../runtime/startWorker.ts';
import type { PlannerAnswer } from './plannerMessages.ts';
import type { QueryPlan } from './queryPlan.ts';
import { readPlan } from './readPlan.ts';

export interface WorkerPlannerOptions {
  /** A planning that takes longer is ended with its thread. */
  readonly timeoutMs: number;
  /** Plannings that may wait; one more is refused. */
  readonly maxQueue: number;
}

interface Job {
  readonly operation: string;
  readonly percentage: number;
  readonly resolve: (plan: QueryPlan) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Plans in a thread of its own, one operation at a time, so that planning never holds up the event loop. A planning that
 * passes its deadline costs the thread, which is replaced; those that wait behind it go to the new one.
 */
export class WorkerPlanner {
  readonly #supergraphSdl: string;
  readonly #options: WorkerPlannerOptions;
  readonly #queue: Job[] = [];
  #worker: Promise<Worker>;
  #current: Job | undefined;
  #isClosed = false;
  #nextId = 0;
  /** The `n` of every `@override(label: "percent(n)")`, ascending. */
  readonly overridePercentages: readonly number[];

  private constructor(
    supergraphSdl: string,
    options: WorkerPlannerOptions,
    { worker, ready }: PlannerThread,
  ) {
    this.#supergraphSdl = supergraphSdl;
    this.#options = options;
    this.#worker = Promise.resolve(worker);
    this.overridePercentages = [...ready.overridePercentages].sort((a, b) => a - b);
  }

  /** @throws GatewayError SUPERGRAPH_INVALID when the planner refuses the supergraph */
  static async start(supergraphSdl: string, options: WorkerPlannerOptions): Promise<WorkerPlanner> {
    return new WorkerPlanner(supergraphSdl, options, await startPlannerThread(supergraphSdl));
  }

  /**
   * @param operation one operation with its fragments
   * @param percentage 0 to 100: fields overridden for `percent(n)` are where it is below `n`
   * @throws GatewayError OPERATION_TOO_COMPLEX past the deadline, REQUEST_CONCURRENCY_LIMITED when too many wait
   */
  plan(operation: string, percentage: number): Promise<QueryPlan> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) reject(new Error('The planner is closed.'));
      else if (this.#queue.length >= this.#options.maxQueue)
        reject(new GatewayError('REQUEST_CONCURRENCY_LIMITED'));
      else {
        this.#queue.push({ operation, percentage, resolve, reject });
        void this.#work();
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#queue.splice(0)) reject(new Error('The planner is closed.'));
    await (await this.#worker).terminate();
  }

  async #work(): Promise<void> {
    if (this.#current !== undefined) return;
    const job = this.#queue.shift();
    if (job === undefined) return;
    this.#current = job;
    try {
      job.resolve(await this.#planNow(job));
    } catch (error) {
      job.reject(error);
    }
    this.#current = undefined;
    void this.#work();
  }

  async #planNow({ operation, percentage }: Job): Promise<QueryPlan> {
    const worker = await this.#worker;
    const id = this.#nextId++;
    const deadline = AbortSignal.timeout(this.#options.timeoutMs);
    const answered = once(worker, 'message', { signal: deadline }) as Promise<[PlannerAnswer]>;
    worker.postMessage({ id, operation, activeLabels: [], percentage });
    let answer: PlannerAnswer;
    try {
      [answer] = await answered;
    } catch (cause) {
      this.#replace(worker);
      const { timeoutMs } = this.#options;
      throw deadline.aborted
        ? new GatewayError('OPERATION_TOO_COMPLEX', {
            message: `Planning the operation took longer than ${timeoutMs} ms.`,
          })
        : new Error('The planner thread failed.', { cause });
    }
    if (answer.kind === 'planned') return readPlan(answer.plan);
    throw new Error(`The planner failed: ${answer.kind === 'failed' ? answer.message : answer.kind}`);
  }

  /** The thread that is stuck or has failed is ended without waiting for it. */
  #replace(worker: Worker): void {
    void worker.terminate();
    if (this.#isClosed) return;
    this.#worker = startPlannerThread(this.#supergraphSdl).then((started) => started.worker);
    // a thread that cannot be started fails the plannings that wait for it
    this.#worker.catch(() => {});
  }
}

interface PlannerThread {
  readonly worker: Worker;
  readonly ready: Extract<PlannerAnswer, { kind: 'ready' }>;
}

async function startPlannerThread(supergraphSdl: string): Promise<PlannerThread> {
  const worker = startWorker(new URL('./planWorker.js', import.meta.url), { workerData: { supergraphSdl } });
  try {
    const [answer] = (await once(worker, 'message')) as [PlannerAnswer];
    if (answer.kind !== 'ready') throw new Error('it did not say what it knows');
    // an error in the thread ends the wait for its answer; here it only must not end the process
    worker.on('error', () => {});
    worker.unref();
    return { worker, ready: answer };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('SUPERGRAPH_INVALID', {
      message: `The planner refuses the supergraph: ${reason}`,
      cause,
    });
  }
}
