/** A bucket of points: it holds `capacity` at most, and fills by `refillPerMs`. */
export interface Bucket {
  /** What tells it from others: `user:10:u1`. Clients choose parts of it. */
  readonly key: string;
  readonly capacity: number;
  readonly refillPerMs: number;
}

/** What taking points out of several buckets came to: of all, or of none. */
export interface Taken {
  readonly isAdmitted: boolean;
  /** Points in each bucket afterwards, in the order of the buckets. */
  readonly left: readonly number[];
  /** Puts points back where these came from; no bucket holds more than its capacity. Never throws, and nobody waits for it. */
  giveBack(points: number): void;
}

/** Where buckets are kept. */
export interface BucketStore {
  /** Takes points out of every bucket, or out of none when one of them has too few. */
  take(buckets: readonly Bucket[], points: number): Taken | Promise<Taken>;
}

/** The time until a bucket with so many points has as many as are wanted. */
export function msUntil(bucket: Bucket, { left, wanted }: { left: number; wanted: number }): number {
  return left >= wanted ? 0 : Math.ceil((wanted - left) / bucket.refillPerMs);
}
