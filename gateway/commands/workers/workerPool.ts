import type { Logger } from 'pino';
import type { Readiness } from '../../http/health.ts';
import type { Settings } from '../../settingsSchema.ts';
import type { Supergraph } from '../../supergraph/supergraph.ts';
import { type Prepared, Worker, WorkerGone } from './worker.ts';

export interface WorkerPoolOptions {
  readonly count: number;
  readonly settings: Settings;
  readonly cwd: string;
  readonly log: Logger;
  readonly waitingFor: () => Readiness['waitingFor'];
}

/** A worker that lived so long did not die of its start: its successor starts at once. */
const SETTLED_AFTER_MS = 30_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 30_000;
/** What a worker may take beyond the drain of its requests, before it is killed. */
const END_GRACE_MS = 5_000;

/**
 * The workers: as many as asked for, each replaced when it ends, all on one supergraph. A swap has two steps, so that a
 * supergraph that one worker refuses is put in force by none.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  /** By number; empty places wait for their backoff. */
  readonly #workers = new Map<number, Worker>();
  /** By number: how many ended soon after their start, one after the other. */
  readonly #crashes = new Map<number, number>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #untilListening: (() => void)[] = [];
  /** Those in force. */
  #settings: Settings;
  #supergraph: Supergraph | undefined;
  #swapping: Promise<unknown> = Promise.resolve();
  #isStarted = false;
  #isStopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  /**
   * Starts all workers.
   * @returns the URL at which they listen
   * @throws GatewayError PORT_TAKEN, SETTINGS_INVALID
   */
  async start(): Promise<string> {
    for (let number = 1; number <= this.#options.count; number += 1) this.#startWorker(number);
    const urls = await Promise.all(Array.from(this.#workers.values(), ({ listening }) => listening));
    this.#isStarted = true;
    return urls[0] ?? '';
  }

  get isReady(): boolean {
    return this.#supergraph !== undefined;
  }

  readiness(): Readiness {
    const up = Array.from(this.#workers.values()).filter(({ isUp }) => isUp).length;
    return {
      isReady: this.isReady,
      waitingFor: this.#options.waitingFor(),
      workers: { up, of: this.#options.count },
    };
  }

  /**
   * Puts a supergraph in force in every worker, or in none.
   * @throws GatewayError SUPERGRAPH_INVALID
   */
  swap(supergraph: Supergraph): Promise<void> {
    const swapped = this.#swapping.then(() => this.#swapNow(supergraph));
    this.#swapping = swapped.catch(() => {});
    return swapped;
  }

  /**
   * Puts settings in force in every worker, or in none.
   * @throws GatewayError what keeps a worker from it
   */
  reload(settings: Settings): Promise<void> {
    const reloaded = this.#swapping.then(async () => {
      const prepared = await this.#prepareAll((worker) => worker.prepareSettings(settings));
      this.#settings = settings;
      for (const { commit } of prepared) commit();
    });
    this.#swapping = reloaded.catch(() => {});
    return reloaded;
  }

  /**
   * Lets every worker prepare the same. One that ends meanwhile has no vote: its successor starts with what is in force then.
   * @throws the refusal of one; the others have let go of it
   */
  async #prepareAll(prepare: (worker: Worker) => Promise<Prepared>): Promise<readonly Prepared[]> {
    const votes = await Promise.all(
      Array.from(this.#workers.values(), (worker) =>
        prepare(worker).catch((error: unknown) => (error instanceof WorkerGone ? undefined : { error })),
      ),
    );
    const prepared = votes.flatMap((vote) => (vote === undefined || 'error' in vote ? [] : [vote]));
    const refusal = votes.find((vote) => vote !== undefined && 'error' in vote);
    if (refusal === undefined || !('error' in refusal)) return prepared;
    for (const { discard } of prepared) discard();
    throw refusal.error;
  }

  /** Lets all workers answer what is in flight, and end; kills those that take too long. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const resolve of this.#untilListening.splice(0)) resolve();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const workers = [...this.#workers.values()];
    for (const worker of workers) worker.stop();
    const timer = setTimeout(() => {
      for (const worker of workers) worker.kill();
    }, this.#options.settings.limits.drain_timeout_ms + END_GRACE_MS);
    await Promise.all(workers.map(({ ended }) => ended));
    clearTimeout(timer);
  }

  async #swapNow(supergraph: Supergraph): Promise<void> {
    if (this.#isStopping) return;
    const { log } = this.#options;
    const startedAt = performance.now();
    const prepared = await this.#prepareAll((worker) => worker.prepare(supergraph));
    if (prepared.length === 0) {
      if (this.#isStopping) return;
      // all ended at once: the first of their successors says what it thinks of it
      await new Promise<void>((resolve) => this.#untilListening.push(resolve));
      return this.#swapNow(supergraph);
    }
    const isFirst = this.#supergraph === undefined;
    this.#supergraph = supergraph;
    for (const { commit } of prepared) commit();
    log.info(
      {
        supergraph: supergraph.hash.slice(0, 12),
        workers: prepared.length,
        ms: Math.round(performance.now() - startedAt),
      },
      isFirst ? 'supergraph in force' : 'supergraph swapped',
    );
  }

  #startWorker(number: number): void {
    const { cwd, log } = this.#options;
    const settings = this.#settings;
    const startedAt = performance.now();
    const worker = new Worker(
      { number, settings, cwd, colorize: process.stderr.isTTY === true, supergraph: this.#supergraph },
      () => this.readiness(),
    );
    this.#workers.set(number, worker);
    const hasStarted = this.#isStarted;
    worker.listening.then(
      () => {
        log.info({ worker: number, pid: worker.pid }, 'worker listens');
        for (const resolve of this.#untilListening.splice(0)) resolve();
        if (hasStarted) void this.#catchUp(worker);
      },
      (error: unknown) => {
        if (hasStarted && !this.#isStopping)
          log.error({ worker: number, err: error }, 'a worker cannot start');
      },
    );
    void worker.ended.then((end) => this.#replace(worker, { end, livedMs: performance.now() - startedAt }));
  }

  /** A swap or other settings may have come while it started. */
  async #catchUp(worker: Worker): Promise<void> {
    await this.#swapping;
    const [supergraph, settings] = [this.#supergraph, this.#settings];
    try {
      if (worker.settings !== settings) (await worker.prepareSettings(settings)).commit();
      if (supergraph === undefined || worker.supergraphHash === supergraph.hash) return;
      (await worker.prepare(supergraph)).commit();
    } catch (error) {
      if (error instanceof WorkerGone) return;
      this.#options.log.error(
        { worker: worker.number, err: error },
        'a worker has another supergraph or other settings; it is ended',
      );
      worker.kill();
    }
  }

  #replace(
    { number, pid }: Worker,
    { end, livedMs }: { readonly end: number | string; readonly livedMs: number },
  ): void {
    this.#workers.delete(number);
    if (this.#isStopping || !this.#isStarted) return;
    const crashes = livedMs >= SETTLED_AFTER_MS ? 0 : (this.#crashes.get(number) ?? 0);
    this.#crashes.set(number, crashes + 1);
    const waitMs = crashes === 0 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** (crashes - 1), MAX_BACKOFF_MS);
    const told = { worker: number, pid, end, waitMs };
    if (end === 0) this.#options.log.info(told, 'a worker has drained; another takes its place');
    else this.#options.log.error(told, 'a worker ended; its requests are lost, and another takes its place');
    this.#timers.set(
      number,
      setTimeout(() => this.#startWorker(number), waitMs),
    );
  }
}
