/** Each bucket is a tenth wider than the one before, so that the estimate is at most a tenth too high. */
const GROWTH = 1.1;
/** Upper bound of the first bucket. */
const SHORTEST_MS = 0.1;
/** Up to about an hour. */
const BUCKETS = 184;
/** What is older than so many values counts half. */
const HALVED_EVERY = 1_000;
/** It is found anew after so many values. */
const FOUND_EVERY = 50;
/** Before so many values there is none. */
const LEAST_VALUES = 100;

/**
 * A percentile of recent durations, of a histogram whose counts fade: no value is kept, and adding one costs a logarithm. It follows
 * a change of load within a thousand answers.
 */
export class LatencyEstimate {
  readonly #share: number;
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #untilHalved = HALVED_EVERY;
  #untilFound = LEAST_VALUES;
  #valueMs: number | undefined;

  /** @param percentile above 0 and below 100 */
  constructor(percentile: number) {
    this.#share = percentile / 100;
  }

  /** `undefined` while too little is known. */
  get valueMs(): number | undefined {
    return this.#valueMs;
  }

  add(durationMs: number): void {
    const at = Math.ceil(Math.log(durationMs / SHORTEST_MS) / Math.log(GROWTH));
    const bucket = Math.min(Math.max(at, 0), BUCKETS - 1);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
    this.#untilFound -= 1;
    if (this.#untilFound === 0) this.#find();
    this.#untilHalved -= 1;
    if (this.#untilHalved === 0) this.#halve();
  }

  #find(): void {
    this.#untilFound = FOUND_EVERY;
    let left = this.#total * this.#share;
    const bucket = this.#counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    this.#valueMs = SHORTEST_MS * GROWTH ** (bucket === -1 ? BUCKETS - 1 : bucket);
  }

  #halve(): void {
    this.#untilHalved = HALVED_EVERY;
    this.#total /= 2;
    for (let at = 0; at < BUCKETS; at += 1) this.#counts[at] = (this.#counts[at] ?? 0) / 2;
  }
}
