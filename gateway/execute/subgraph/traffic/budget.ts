import { RollingSum } from './rollingSum.ts';

export interface BudgetOptions {
  /** So many a second are allowed however few calls there are; what is not used is saved for `ttlMs`. */
  readonly minPerSecond: number;
  /** How long a call counts. */
  readonly ttlMs: number;
  /** Share of the calls that may be sent a second time, in percent. */
  readonly percent: number;
}

const BUCKETS = 10;

/**
 * Bounds what is sent beside the calls themselves to a share of them. When most calls fail, or all are slow, sending each again
 * would multiply the load of a subgraph that is overloaded already.
 *
 * Source: Finagle, `RetryBudget` (finagle-core, com.twitter.finagle.service).
 */
export class Budget {
  readonly #options: BudgetOptions;
  readonly #reserve: number;
  /** In hundredths: a call brings `percent`, and one more costs 100. */
  readonly #points: RollingSum;

  constructor(options: BudgetOptions) {
    this.#options = options;
    this.#reserve = (options.minPerSecond * options.ttlMs) / 10;
    this.#points = new RollingSum(options.ttlMs, BUCKETS);
  }

  /** How many may be sent now. */
  get balance(): number {
    return Math.max(0, Math.floor((this.#reserve + this.#points.at(performance.now())) / 100 + ROUNDING));
  }

  /** Counts a call. */
  deposit(): void {
    this.#points.add(this.#options.percent, performance.now());
  }

  /** @returns whether one more may be sent; it is paid for then */
  withdraw(): boolean {
    if (this.balance < 1) return false;
    this.#points.add(-100, performance.now());
    return true;
  }
}

/** A hundred times a hundredth is a little less than one. */
const ROUNDING = 1e-6;
