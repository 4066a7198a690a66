import { Cancellation } from './cancellation.ts';

/** Work that is going on, and how many wait for it. */
interface Running<Result> {
  text: string;
  /** Another of the same key, with another text. */
  other: Running<Result> | undefined;
  readonly cancellation: Cancellation;
  /** `NONE` before it has begun, and when it has ended. */
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

/** Never settles; nobody waits for it. */
const NONE = new Promise<never>(() => {});

/** A map that was given so many keys, or twice what is in flight, is replaced. */
const MAX_INSERTED = 256;

/**
 * Shares work while it is in flight: who asks for the same meanwhile waits for the same result. Nothing is kept of it
 * afterwards. The work goes on when one of those who wait leaves, and is cancelled when all have left.
 *
 * "Nothing is kept" takes care with V8. A `Map` that is added to and deleted from is rehashed again and again, and each of its
 * former tables points to the next and to what was in flight then. The young generation's collector takes an old table for
 * alive, and so everything after it: of the bench operation 100 kB a request stayed until the next full collection, which came
 * every half second. So the map is replaced before its tables are old, and what has ended is cut off from its result.
 */
export class InFlight<Result> {
  #running = new Map<string, Running<Result>>();
  #inserted = 0;

  /** Keys that work is in flight for. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Joins the work in flight for a key, or begins it.
   *
   * @param key everything that the result depends on
   * @param leaving cancelled when who asks has gone; the promise settles with the result all the same
   * @param text more of the key. It is compared and not hashed, which takes a tenth of the time for a long one
   */
  run(
    key: string,
    leaving: Cancellation,
    work: (shared: Shared) => Promise<Result>,
    text = '',
  ): Promise<Result> {
    let running = this.#running.get(key);
    while (running !== undefined && running.text !== text) running = running.other;
    if (running === undefined || running.cancellation.isCancelled) running = this.#begin(key, text, work);
    running.waiting += 1;
    const joined = running;
    leaving.onCancel(() => {
      joined.waiting -= 1;
      if (joined.waiting === 0) joined.cancellation.cancel();
    });
    return running.result;
  }

  #begin(key: string, text: string, work: (shared: Shared) => Promise<Result>): Running<Result> {
    const running: Running<Result> = {
      text,
      other: this.#running.get(key),
      cancellation: new Cancellation(),
      result: NONE,
      waiting: 0,
    };
    const close = (): void => this.#remove(key, running);
    this.#insert(key, running);
    const result = work({ cancellation: running.cancellation, close });
    running.result = result;
    const end = (): void => {
      close();
      running.result = NONE;
    };
    result.then(end, end);
    return running;
  }

  #insert(key: string, running: Running<Result>): void {
    this.#inserted += 1;
    if (this.#inserted > Math.max(MAX_INSERTED, 2 * this.#running.size)) {
      this.#inserted = 0;
      this.#running = new Map(this.#running);
    }
    this.#running.set(key, running);
  }

  #remove(key: string, running: Running<Result>): void {
    const { other } = running;
    const first = this.#running.get(key);
    if (first !== running) {
      for (let at = first; at !== undefined; at = at.other) if (at.other === running) at.other = other;
    } else if (other === undefined) this.#running.delete(key);
    else this.#running.set(key, other);
    // what refers to it longer keeps neither
    running.other = undefined;
    running.text = '';
  }
}
