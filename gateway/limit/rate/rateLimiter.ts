import { GatewayError } from '../../errors.ts';
import type { Principal } from '../../http/principal.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { type Bucket, type BucketStore, msUntil, type Taken } from './bucket.ts';
import { type Payer, type PayerKind, payerNames } from './payer.ts';

/** Who is meant: everybody of a kind, or those of the names. */
export interface PayerMatch {
  readonly by: PayerKind;
  readonly only?: readonly string[] | undefined;
}

/** Points for each payer of a kind and time. Several budgets hold together: each must have enough. */
export interface Budget extends PayerMatch {
  readonly points: number;
  readonly per_seconds: number;
  /** What a payer who has saved up may spend at once; `points` without it. */
  readonly burst?: number | undefined;
  /** Only for callers without credentials, or only for those with. */
  readonly callers?: 'anonymous' | 'authenticated' | undefined;
}

export interface RateLimiterOptions {
  readonly store: BucketStore;
  readonly budgets: readonly Budget[];
  /** What they ask costs so many times as much; the first that fits. */
  readonly weights: readonly (PayerMatch & { readonly weight: number })[];
  /** Who pays nothing. */
  readonly exempt: readonly PayerMatch[];
  /** The least that an operation costs which asks a subgraph. */
  readonly minPoints: number;
  readonly telemetry: Telemetry;
}

/** What a client may know of the budget that is the scarcest for it. Names are those of Cosmo Router. */
export interface RateLimitReport {
  /** Whose budget: `user:u1`. */
  readonly key: string;
  readonly limit: number;
  readonly periodSeconds: number;
  /** Points that the operation was charged. */
  readonly requestRate: number;
  readonly remaining: number;
  /** When the operation could be paid. */
  readonly retryAfterMs: number;
  /** When the budget is whole again. */
  readonly resetAfterMs: number;
}

/** Points that were taken for one operation. */
export interface ChargedPoints {
  /** Gives back what the operation did not use, once, and reports on what is left. */
  settle(actualCost: number | undefined): RateLimitReport;
}

interface ChargedBucket extends Bucket {
  readonly budget: Budget;
  readonly name: string;
}

/** Charges operations what they cost, to whoever asks. */
export class RateLimiter {
  readonly #options: RateLimiterOptions;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
  }

  /**
   * Takes the estimated cost out of every budget that the payer has.
   * @returns `undefined` where nobody has to pay
   * @throws GatewayError RATE_LIMIT_EXCEEDED, RATE_LIMITER_UNAVAILABLE
   */
  async charge(payer: Payer, estimatedCost: number): Promise<ChargedPoints | undefined> {
    const buckets = this.#bucketsOf(payer);
    if (buckets.length === 0) return undefined;
    const { store, telemetry } = this.#options;
    const weight = this.#weightOf(payer);
    const points = this.#pointsOf(estimatedCost, weight);
    const taken = await store.take(buckets, points);
    if (telemetry.isHeard) {
      telemetry.record('rateLimitCharges', 1, { result: taken.isAdmitted ? 'admitted' : 'refused' });
    }
    if (!taken.isAdmitted) throw refusal(reportOf(buckets, taken, points));
    return {
      settle: (actualCost) => {
        const used = actualCost === undefined ? points : Math.min(points, this.#pointsOf(actualCost, weight));
        const unused = points - used;
        if (unused > 0) taken.giveBack(unused);
        const left = taken.left.map((each, index) => Math.min(buckets[index]?.capacity ?? 0, each + unused));
        return reportOf(buckets, { ...taken, left }, used);
      },
    };
  }

  #pointsOf(cost: number, weight: number): number {
    // a size beyond all numbers is more than any bucket holds, and no number for Redis
    return Math.min(Math.max(this.#options.minPoints, cost) * weight, Number.MAX_SAFE_INTEGER);
  }

  #weightOf(payer: Payer): number {
    const { weights } = this.#options;
    return weights.find((match) => this.#matches(match, payer))?.weight ?? 1;
  }

  #matches(match: PayerMatch, payer: Payer): boolean {
    const names = payerNames(match.by, payer);
    return match.only === undefined
      ? names.length > 0
      : names.some((name) => match.only?.includes(name) === true);
  }

  #bucketsOf(payer: Payer): readonly ChargedBucket[] {
    const { budgets, exempt } = this.#options;
    if (exempt.some((match) => this.#matches(match, payer))) return [];
    const isAnonymous = payer.client.principal.kind === 'anonymous';
    const buckets: ChargedBucket[] = [];
    const { principal } = payer.client;
    const own = ownBudgetOf(principal);
    if (own !== undefined) buckets.push(bucketOf(own, { name: principal.id ?? '', space: 'own' }));
    for (const [index, budget] of budgets.entries()) {
      if (budget.callers !== undefined && (budget.callers === 'anonymous') !== isAnonymous) continue;
      for (const name of payerNames(budget.by, payer)) {
        if (budget.only === undefined || budget.only.includes(name)) {
          buckets.push(bucketOf(budget, { name, space: String(index) }));
        }
      }
    }
    return buckets;
  }
}

/** The points for a minute that an API key was issued with (`tributary keys issue --budget`). */
function ownBudgetOf({ kind, claims }: Principal): Budget | undefined {
  const { budget } = claims;
  return kind === 'key' && typeof budget === 'number'
    ? { by: 'key', points: budget, per_seconds: 60 }
    : undefined;
}

/** @param space tells budgets of the same payer and time apart */
export function bucketOf(
  budget: Budget,
  { name, space }: { readonly name: string; readonly space: string },
): ChargedBucket {
  const { by, points, per_seconds, burst } = budget;
  return {
    key: `${space}:${by}:${per_seconds}:${points}:${name}`,
    capacity: burst ?? points,
    refillPerMs: points / (per_seconds * 1000),
    budget,
    name,
  };
}

/** Reports on the bucket that keeps the payer waiting for longest, or else has the least left. */
export function reportOf(buckets: readonly ChargedBucket[], taken: Taken, points: number): RateLimitReport {
  const reports = buckets.map((bucket, index): RateLimitReport => {
    const left = taken.left[index] ?? 0;
    return {
      key: `${bucket.budget.by}:${bucket.name.slice(0, 100)}`,
      limit: bucket.capacity,
      periodSeconds: bucket.budget.per_seconds,
      requestRate: points,
      remaining: Math.max(0, Math.floor(left)),
      retryAfterMs: taken.isAdmitted
        ? 0
        : msUntil(bucket, { left, wanted: Math.min(points, bucket.capacity) }) +
          (points > bucket.capacity ? NEVER_MS : 0),
      resetAfterMs: msUntil(bucket, { left, wanted: bucket.capacity }),
    };
  });
  return reports.reduce((scarcest, each) =>
    each.retryAfterMs > scarcest.retryAfterMs ||
    (each.retryAfterMs === scarcest.retryAfterMs && each.remaining < scarcest.remaining)
      ? each
      : scarcest,
  );
}

/** What is dearer than a bucket can hold is never paid; a number is wanted all the same. */
const NEVER_MS = 24 * 3600 * 1000;

function refusal(report: RateLimitReport): GatewayError {
  const { key, limit, requestRate, remaining, retryAfterMs, periodSeconds } = report;
  const advice =
    requestRate > limit
      ? 'It never fits: ask for less at once.'
      : `Ask again in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s.`;
  return new GatewayError('RATE_LIMIT_EXCEEDED', {
    message: `The operation costs ${requestRate} points, and ${remaining} of ${limit} are left to ${key} (${periodSeconds} s). ${advice}`,
    headers: {
      'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
      ...rateLimitHeaders(report),
    },
    extensions: { rateLimit: report },
  });
}

/** Source: draft-ietf-httpapi-ratelimit-headers-03, §3; in points. */
export function rateLimitHeaders(report: RateLimitReport): Record<string, string> {
  return {
    'ratelimit-limit': String(report.limit),
    'ratelimit-remaining': String(report.remaining),
    'ratelimit-reset': String(Math.ceil(report.resetAfterMs / 1000)),
  };
}
