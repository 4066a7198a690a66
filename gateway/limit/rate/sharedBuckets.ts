import { GatewayError } from '../../errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Bucket, BucketStore, Taken } from './bucket.ts';

/** What is done while Redis is away: count in this process, admit all, or refuse all. */
export type StoreFailure = 'local' | 'fail_open' | 'fail_closed';

export interface SharedBucketsOptions {
  readonly shared: BucketStore;
  readonly local: BucketStore;
  readonly onFailure: StoreFailure;
  readonly telemetry: Telemetry;
}

/** Buckets that all gateways share, and what stands in for them while they are out of reach. Nothing waits for them. */
export class SharedBuckets implements BucketStore {
  readonly #options: SharedBucketsOptions;

  constructor(options: SharedBucketsOptions) {
    this.#options = options;
  }

  /** @throws GatewayError RATE_LIMITER_UNAVAILABLE */
  async take(buckets: readonly Bucket[], points: number): Promise<Taken> {
    try {
      return await this.#options.shared.take(buckets, points);
    } catch {
      return this.#withoutShared(buckets, points);
    }
  }

  #withoutShared(buckets: readonly Bucket[], points: number): Taken | Promise<Taken> {
    const { local, onFailure, telemetry } = this.#options;
    telemetry.record('rateLimitStoreFailures', 1, { policy: onFailure });
    switch (onFailure) {
      case 'local':
        return local.take(buckets, points);
      case 'fail_open':
        return { isAdmitted: true, left: buckets.map(({ capacity }) => capacity), giveBack: () => {} };
      case 'fail_closed':
        throw new GatewayError('RATE_LIMITER_UNAVAILABLE', { headers: { 'retry-after': '1' } });
      default:
        return onFailure satisfies never;
    }
  }
}
