import type { Worker as ClusterWorker } from 'node:cluster';
import { forkWorker } from '../../runtime/forkWorker.ts';
import type { Settings } from '../../settingsSchema.ts';
import type { Supergraph } from '../../supergraph/supergraph.ts';
import { receivedError } from './sentError.ts';
import type { WorkerOrder, WorkerReport } from './workerMessages.ts';

/** How a worker ended: its exit code, or the signal that ended it. */
export type WorkerEnd = number | string;

/** What a worker has made and not put in force yet. */
export interface Prepared {
  commit(): void;
  discard(): void;
}

/** One worker's process, from its start to its end. It is not started again; another takes its place. */
export class Worker {
  readonly number: number;
  readonly pid: number | undefined;
  /** Resolves when its process has ended. */
  readonly ended: Promise<WorkerEnd>;
  /**
   * Resolves when it listens.
   * @throws what it cannot start for
   */
  readonly listening: Promise<string>;
  readonly #process: ClusterWorker;
  readonly #answers = new Map<number, (error: Error | undefined) => void>();
  /** Orders from before it could hear them. */
  readonly #unheard: WorkerOrder[] = [];
  #hears = false;
  #isUp = false;
  #hasEnded = false;
  #nextId = 0;
  #supergraphHash: string | undefined;
  #settings: Settings;

  constructor(
    order: Omit<WorkerOrder & { kind: 'start' }, 'kind'>,
    readiness: () => (WorkerOrder & { kind: 'readiness' })['readiness'],
  ) {
    this.number = order.number;
    this.#settings = order.settings;
    const child = forkWorker(new URL('./workerProcess.js', import.meta.url));
    this.#process = child;
    this.pid = child.process.pid;
    // a channel that breaks shows as the end of the process
    child.on('error', () => {});
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#isUp = false;
        this.#hasEnded = true;
        for (const answer of this.#answers.values()) answer(new WorkerGone());
        resolve(signal ?? code);
      });
    });
    this.listening = new Promise((resolve, reject) => {
      void this.ended.then((end) => reject(new Error(`A worker ended with ${end} before it listened.`)));
      child.on('message', (report: WorkerReport) => {
        switch (report.kind) {
          case 'hears':
            this.#hears = true;
            this.#tell({ kind: 'start', ...order });
            for (const unheard of this.#unheard.splice(0)) this.#tell(unheard);
            return;
          case 'listening':
            this.#isUp = true;
            this.#supergraphHash = report.supergraphHash;
            resolve(report.url);
            return;
          case 'failed':
            reject(receivedError(report.error));
            return;
          case 'prepared':
            this.#answers.get(report.id)?.(undefined);
            return;
          case 'refused':
            this.#answers.get(report.id)?.(receivedError(report.error));
            return;
          case 'readiness':
            this.#tell({ kind: 'readiness', id: report.id, readiness: readiness() });
            return;
          default:
            report satisfies never;
        }
      });
    });
    this.listening.catch(() => {});
  }

  /** Whether it serves. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Hash of the supergraph that it was last told to put in force. */
  get supergraphHash(): string | undefined {
    return this.#supergraphHash;
  }

  /** Those that it was last told to put in force. */
  get settings(): Settings {
    return this.#settings;
  }

  /**
   * Lets it build the engine of a supergraph.
   * @returns how to put it in force, or to let it go
   * @throws GatewayError SUPERGRAPH_INVALID; WorkerGone when it ends meanwhile
   */
  prepare(supergraph: Supergraph): Promise<Prepared> {
    return this.#prepare({ kind: 'prepare', id: this.#nextId++, supergraph }, () => {
      this.#supergraphHash = supergraph.hash;
    });
  }

  /**
   * Lets it make the request flow of other settings.
   * @returns how to put them in force, or to let them go
   * @throws GatewayError what keeps them from being in force; WorkerGone when it ends meanwhile
   */
  prepareSettings(settings: Settings): Promise<Prepared> {
    return this.#prepare({ kind: 'prepareSettings', id: this.#nextId++, settings }, () => {
      this.#settings = settings;
    });
  }

  async #prepare(
    order: WorkerOrder & { kind: 'prepare' | 'prepareSettings' },
    onCommit: () => void,
  ): Promise<Prepared> {
    const { id } = order;
    if (this.#hasEnded) throw new WorkerGone();
    const answered = new Promise<Error | undefined>((resolve) => this.#answers.set(id, resolve));
    this.#tell(order);
    const error = await answered;
    this.#answers.delete(id);
    if (error !== undefined) throw error;
    return {
      commit: () => {
        onCommit();
        this.#tell({ kind: 'commit', id });
      },
      discard: () => this.#tell({ kind: 'discard', id }),
    };
  }

  /** Lets it answer what is in flight, and end. */
  stop(): void {
    this.#isUp = false;
    this.#tell({ kind: 'stop' });
  }

  /** Ends it at once. */
  kill(): void {
    this.#process.process.kill('SIGKILL');
  }

  #tell(order: WorkerOrder): void {
    if (!this.#hears) this.#unheard.push(order);
    else if (this.#process.isConnected()) this.#process.send(order, undefined, () => {});
  }
}

/** A worker ended while it was asked for something. */
export class WorkerGone extends Error {}
