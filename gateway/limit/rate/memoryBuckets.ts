import type { Bucket, BucketStore, Taken } from './bucket.ts';

interface Held {
  points: number;
  /** When `points` was true. */
  at: number;
  readonly bucket: Bucket;
}

export interface MemoryBucketsOptions {
  /** More buckets are not kept: those not used for longest are forgotten, which is to say full. */
  readonly maxBuckets: number;
  /** Milliseconds on a clock that only goes forward. */
  readonly now?: () => number;
}

/** Buckets of one process. */
export class MemoryBuckets implements BucketStore {
  readonly #maxBuckets: number;
  readonly #now: () => number;
  /** In the order in which they were used. A bucket that is not here is full. */
  readonly #held = new Map<string, Held>();

  constructor({ maxBuckets, now = () => performance.now() }: MemoryBucketsOptions) {
    this.#maxBuckets = maxBuckets;
    this.#now = now;
  }

  get size(): number {
    return this.#held.size;
  }

  take(buckets: readonly Bucket[], points: number): Taken {
    const now = this.#now();
    const held = buckets.map((bucket) => this.#fill(bucket, now));
    const isAdmitted = held.every((each) => each.points >= points);
    if (isAdmitted) for (const each of held) each.points -= points;
    return {
      isAdmitted,
      left: held.map((each) => each.points),
      giveBack: (unused) => this.#giveBack(buckets, unused),
    };
  }

  #giveBack(buckets: readonly Bucket[], points: number): void {
    const now = this.#now();
    for (const bucket of buckets) {
      // one that was forgotten meanwhile is full
      if (!this.#held.has(bucket.key)) continue;
      const held = this.#fill(bucket, now);
      held.points = Math.min(bucket.capacity, held.points + points);
    }
  }

  /** The bucket with what has flown into it since. */
  #fill(bucket: Bucket, now: number): Held {
    const known = this.#held.get(bucket.key);
    if (known === undefined) {
      const held: Held = { points: bucket.capacity, at: now, bucket };
      this.#held.set(bucket.key, held);
      if (this.#held.size > this.#maxBuckets) this.#forget(now);
      return held;
    }
    const points = known.points + (now - known.at) * bucket.refillPerMs;
    known.points = Math.min(bucket.capacity, points);
    known.at = now;
    this.#held.delete(bucket.key);
    this.#held.set(bucket.key, known);
    return known;
  }

  /** Makes room in bulk: first those that are full by now, which nobody misses, then those not used for longest. */
  #forget(now: number): void {
    const wanted = Math.ceil(this.#maxBuckets * 0.9);
    for (const [key, { points, at, bucket }] of this.#held) {
      if (points + (now - at) * bucket.refillPerMs >= bucket.capacity && at !== now) this.#held.delete(key);
    }
    for (const key of this.#held.keys()) {
      if (this.#held.size <= wanted) return;
      this.#held.delete(key);
    }
  }
}
