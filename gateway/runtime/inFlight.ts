import { Cancellation } from './cancellation.ts';

/** Work that is going on, and how many wait for it. */
interface Running<Result> {
  readonly cancellation: Cancellation;
  result: Promise<Result>;
  waiting: number;
}

/** What the work gets. */
export interface Shared {
  /** Cancelled when everybody who waited has gone. */
  readonly cancellation: Cancellation;
  /** From here on nobody joins: who comes later begins anew. */
  close(): void;
}

/**
 * Shares work while it is in flight: who asks for the same meanwhile waits for the same result. Nothing is kept of it
 * afterwards. The work goes on when one of those who wait leaves, and is cancelled when all have left.
 */
export class InFlight<Result> {
  readonly #running = new Map<string, Running<Result>>();

  /** Keys that work is in flight for. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Joins the work in flight for a key, or begins it.
   *
   * @param key everything that the result depends on
   * @param leaving cancelled when who asks has gone; the promise settles with the result all the same
   */
  run(key: string, leaving: Cancellation, work: (shared: Shared) => Promise<Result>): Promise<Result> {
    let running = this.#running.get(key);
    if (running === undefined || running.cancellation.isCancelled) running = this.#begin(key, work);
    running.waiting += 1;
    const joined = running;
    leaving.onCancel(() => {
      joined.waiting -= 1;
      if (joined.waiting === 0) joined.cancellation.cancel();
    });
    return running.result;
  }

  #begin(key: string, work: (shared: Shared) => Promise<Result>): Running<Result> {
    const running: Running<Result> = {
      cancellation: new Cancellation(),
      result: undefined as unknown as Promise<Result>,
      waiting: 0,
    };
    const close = (): void => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    };
    this.#running.set(key, running);
    running.result = work({ cancellation: running.cancellation, close });
    running.result.then(close, close);
    return running;
  }
}
