import { createHash } from 'node:crypto';
import { RedisAwayError, type RedisLink, redisScript } from '../../runtime/redisLink.ts';
import type { Bucket, BucketStore, Taken } from './bucket.ts';

/**
 * Takes points out of all buckets or none, by the clock of Redis, which all gateways share. A negative number puts points
 * back. A bucket that is full again expires: one that is not there is full.
 *
 * KEYS: the buckets. ARGV: points, then capacity and refill per millisecond of each. Returns whether they were taken, and
 * what is left in each bucket.
 */
const TAKE = redisScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local points = tonumber(ARGV[1])
local isAdmitted = 1
local left, seenAt = {}, {}
for i, key in ipairs(KEYS) do
  local capacity = tonumber(ARGV[2 * i])
  local held = redis.call('HMGET', key, 'points', 'at')
  local had, at = tonumber(held[1]), tonumber(held[2])
  if had == nil or at == nil then
    left[i] = capacity
  else
    left[i] = math.min(capacity, had + math.max(0, now - at) * tonumber(ARGV[2 * i + 1]))
  end
  -- a clock that was set back must not let the same time flow in twice
  seenAt[i] = math.max(now, at or now)
  if left[i] < points then isAdmitted = 0 end
end
local answer = { isAdmitted }
for i, key in ipairs(KEYS) do
  if isAdmitted == 1 then
    local capacity = tonumber(ARGV[2 * i])
    left[i] = math.min(capacity, left[i] - points)
    local msUntilFull = math.ceil((capacity - left[i]) / tonumber(ARGV[2 * i + 1]))
    if msUntilFull <= 0 then
      redis.call('DEL', key)
    else
      redis.call('HSET', key, 'points', string.format('%.17g', left[i]), 'at', string.format('%.17g', seenAt[i]))
      redis.call('PEXPIRE', key, msUntilFull + 1000)
    end
  end
  answer[i + 1] = string.format('%.17g', left[i])
end
return answer
`);

/** Buckets in Redis, which every gateway that is connected to it shares. */
export class RedisBuckets implements BucketStore {
  readonly #link: RedisLink;
  readonly #prefix: string;

  constructor(link: RedisLink, options: { readonly keyPrefix: string }) {
    this.#link = link;
    this.#prefix = `${options.keyPrefix}rate:`;
  }

  /** @throws RedisAwayError */
  async take(buckets: readonly Bucket[], points: number): Promise<Taken> {
    const { isAdmitted, left } = await this.#run(buckets, points);
    return {
      isAdmitted,
      left,
      // what cannot be given back now flows in again with time
      giveBack: (unused) => void this.#run(buckets, -unused).catch(() => {}),
    };
  }

  async #run(buckets: readonly Bucket[], points: number): Promise<Omit<Taken, 'giveBack'>> {
    const values = [String(points)];
    for (const { capacity, refillPerMs } of buckets) values.push(String(capacity), String(refillPerMs));
    const keys = buckets.map(({ key }) => this.#keyOf(key));
    return takenOf(await this.#link.run(TAKE, { keys, values }), buckets.length);
  }

  /** Parts of a key come from clients: hashed they have one length, and no character that means anything to Redis. */
  #keyOf(key: string): string {
    return this.#prefix + createHash('sha256').update(key).digest('base64url');
  }
}

function takenOf(answer: unknown, buckets: number): Omit<Taken, 'giveBack'> {
  if (!Array.isArray(answer) || answer.length !== buckets + 1) throw new RedisAwayError(MALFORMED);
  const [admitted, ...left] = answer.map(Number);
  if ((admitted !== 0 && admitted !== 1) || left.some((points) => !Number.isFinite(points))) {
    throw new RedisAwayError(MALFORMED);
  }
  return { isAdmitted: admitted === 1, left };
}

const MALFORMED = 'Redis gave an answer that no script of the gateway gives.';
