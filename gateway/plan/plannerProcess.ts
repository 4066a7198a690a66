import type { ChildProcess } from 'node:child_process';
import { GatewayError } from '../errors.ts';
import { startProcess } from '../runtime/startProcess.ts';
import type { PlannerAnswer, PlannerKind, PlannerRequest } from './plannerMessages.ts';

export interface PlannerProcessOptions {
  readonly planner: PlannerKind;
  readonly supergraphSdl: string;
  /** A planning that takes longer is ended with its process. */
  readonly timeoutMs: number;
  /** Plannings that may wait; one more is refused. */
  readonly maxQueue: number;
}

/** The planner found no plan, or its process died of the operation: another planner may do better. */
export class NoPlan extends Error {}

interface Job {
  readonly operation: string;
  readonly percentage: number;
  readonly resolve: (plan: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A planning that takes this part of its deadline may need a successor for its process, which starts meanwhile. */
const SPARE_AT = 0.5;
/** A spare that nobody needed takes memory (50 MB and more) for this long. */
const SPARE_KEPT_MS = 60_000;

/** Starting a planner on the largest supergraph takes seconds; one that says nothing for this long never will. */
const START_TIMEOUT_MS = 60_000;

/**
 * One planner in a process of its own, asked for one operation at a time. A thread would do for its load, but not for its
 * faults: the native planner can abort the process that it is in. What passes its deadline, or dies, is replaced, and the
 * plannings that wait go to the new one; it is started when a planning becomes slow, so that they wait for no start.
 */
export class PlannerProcess {
  readonly #options: PlannerProcessOptions;
  readonly #queue: Job[] = [];
  #process: Promise<ChildProcess>;
  #spare: Promise<StartedProcess> | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  #isWorking = false;
  #isClosed = false;
  #nextId = 0;
  /** The `n` of every `@override(label: "percent(n)")`, ascending. */
  readonly overridePercentages: readonly number[];

  private constructor(options: PlannerProcessOptions, { child, overridePercentages }: StartedProcess) {
    this.#options = options;
    this.#process = Promise.resolve(child);
    this.overridePercentages = [...overridePercentages].sort((a, b) => a - b);
  }

  /** @throws GatewayError SUPERGRAPH_INVALID when the planner refuses the supergraph */
  static async start(options: PlannerProcessOptions): Promise<PlannerProcess> {
    return new PlannerProcess(options, await startPlanner(options));
  }

  /**
   * @returns the planner's own JSON
   * @throws GatewayError OPERATION_TOO_COMPLEX past the deadline, REQUEST_CONCURRENCY_LIMITED when too many wait
   * @throws NoPlan
   */
  plan(operation: string, percentage: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) reject(new Error('The planner is closed.'));
      else if (this.#queue.length >= this.#options.maxQueue) {
        reject(new GatewayError('REQUEST_CONCURRENCY_LIMITED'));
      } else {
        this.#queue.push({ operation, percentage, resolve, reject });
        void this.#work();
      }
    });
  }

  /** Plannings that wait. */
  get queueLength(): number {
    return this.#queue.length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#queue.splice(0)) reject(new Error('The planner is closed.'));
    this.#dropSpare();
    const child = await this.#process.catch(() => undefined);
    child?.kill('SIGKILL');
  }

  #keepSpare(): void {
    this.#spare ??= startPlanner(this.#options);
    this.#spare.catch(() => {});
    clearTimeout(this.#spareTimer);
    this.#spareTimer = setTimeout(() => this.#dropSpare(), SPARE_KEPT_MS).unref();
  }

  #dropSpare(): void {
    clearTimeout(this.#spareTimer);
    void this.#spare?.then(
      ({ child }) => child.kill('SIGKILL'),
      () => {},
    );
    this.#spare = undefined;
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      await this.#planNow(job).then(job.resolve, job.reject);
    }
    this.#isWorking = false;
  }

  async #planNow({ operation, percentage }: Job): Promise<unknown> {
    const child = await this.#process;
    const id = this.#nextId++;
    const answered = nextAnswer(child, this.#options.timeoutMs);
    tell(child, { kind: 'plan', id, operation, percentage });
    const slow = setTimeout(() => {
      if (!this.#isClosed) this.#keepSpare();
    }, this.#options.timeoutMs * SPARE_AT);
    const answer = await answered;
    clearTimeout(slow);
    if (typeof answer !== 'string') {
      if (answer.kind === 'planned') return answer.plan;
      throw new NoPlan(answer.kind === 'ready' ? 'out of turn' : answer.message);
    }
    this.#replace(child);
    if (answer === 'died') throw new NoPlan('its process died');
    throw new GatewayError('OPERATION_TOO_COMPLEX', {
      message: `Planning the operation took longer than ${this.#options.timeoutMs} ms.`,
    });
  }

  #replace(child: ChildProcess): void {
    child.kill('SIGKILL');
    if (this.#isClosed) return;
    const spare = this.#spare;
    this.#spare = undefined;
    clearTimeout(this.#spareTimer);
    // a spare may have died of what ended the other
    const next = (spare ?? startPlanner(this.#options)).catch(() => startPlanner(this.#options));
    this.#process = next.then((started) => started.child);
    // one that cannot be started fails the plannings that wait for it
    this.#process.catch(() => {});
  }
}

interface StartedProcess {
  readonly child: ChildProcess;
  readonly overridePercentages: readonly number[];
}

async function startPlanner({ planner, supergraphSdl }: PlannerProcessOptions): Promise<StartedProcess> {
  const child = startProcess(new URL('./planProcess.js', import.meta.url));
  // an error of the channel shows as the end of the process, which the wait for an answer sees
  child.on('error', () => {});
  const answered = nextAnswer(child, START_TIMEOUT_MS);
  tell(child, { kind: 'start', planner, supergraphSdl });
  const answer = await answered;
  if (typeof answer !== 'string' && answer.kind === 'ready') {
    // an idle planner does not keep the gateway's process
    child.unref();
    child.channel?.unref();
    return { child, overridePercentages: answer.overridePercentages };
  }
  child.kill('SIGKILL');
  const reason =
    typeof answer === 'string' ? `it ${answer}` : 'message' in answer ? answer.message : answer.kind;
  throw new GatewayError('SUPERGRAPH_INVALID', { message: `The planner refuses the supergraph: ${reason}` });
}

function tell(child: ChildProcess, request: PlannerRequest): void {
  // a channel that is closed already is told of by the end of the process
  child.send(request, () => {});
}

/** The next message of a process, or what came instead of it. */
function nextAnswer(
  child: ChildProcess,
  timeoutMs: number,
): Promise<PlannerAnswer | 'died' | 'said nothing in time'> {
  return new Promise((resolve) => {
    const settle = (answer: PlannerAnswer | 'died' | 'said nothing in time'): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(answer);
    };
    const onMessage = (message: unknown): void => settle(message as PlannerAnswer);
    const onExit = (): void => settle('died');
    const timer = setTimeout(() => settle('said nothing in time'), timeoutMs);
    child.on('message', onMessage);
    child.on('exit', onExit);
    if (child.exitCode !== null || child.signalCode !== null) settle('died');
  });
}
