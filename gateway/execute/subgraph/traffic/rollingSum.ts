/** The sum of what was added lately, which is forgotten step by step. */
export class RollingSum {
  readonly #bucketMs: number;
  readonly #buckets: number[];
  /** Number of the newest bucket since the beginning of time. */
  #newest = 0;
  #sum = 0;

  /**
   * @param durationMs how long a value counts
   * @param buckets in how many steps that passes
   */
  constructor(durationMs: number, buckets: number) {
    this.#bucketMs = durationMs / buckets;
    this.#buckets = new Array<number>(buckets).fill(0);
  }

  /** @param nowMs of a clock that never goes back */
  add(value: number, nowMs: number): void {
    this.#forgetUntil(nowMs);
    const at = this.#newest % this.#buckets.length;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + value;
    this.#sum += value;
  }

  at(nowMs: number): number {
    this.#forgetUntil(nowMs);
    return this.#sum;
  }

  forget(): void {
    this.#buckets.fill(0);
    this.#sum = 0;
  }

  #forgetUntil(nowMs: number): void {
    const now = Math.floor(nowMs / this.#bucketMs);
    if (now <= this.#newest) return;
    const { length } = this.#buckets;
    for (let stale = Math.max(this.#newest + 1, now - length + 1); stale <= now; stale += 1) {
      this.#sum -= this.#buckets[stale % length] ?? 0;
      this.#buckets[stale % length] = 0;
    }
    this.#newest = now;
  }
}
