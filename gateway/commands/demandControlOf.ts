import type { Logger } from 'pino';
import type { SubgraphCostLimits } from '../limit/cost/planCost.ts';
import { DemandControl } from '../limit/demandControl.ts';
import type { BucketStore } from '../limit/rate/bucket.ts';
import { MemoryBuckets } from '../limit/rate/memoryBuckets.ts';
import { PartBudgets } from '../limit/rate/partBudgets.ts';
import { RateLimiter } from '../limit/rate/rateLimiter.ts';
import { RedisBuckets } from '../limit/rate/redisBuckets.ts';
import { SharedBuckets } from '../limit/rate/sharedBuckets.ts';
import { RedisLink } from '../runtime/redisLink.ts';
import type { Settings } from '../settingsSchema.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** The link to Redis where the settings name one. Nothing waits for it: it is used once it is there. */
export function openRedis({ redis }: Settings, log: Logger): RedisLink | undefined {
  if (redis.url === undefined) return undefined;
  return new RedisLink({
    url: redis.url,
    commandTimeoutMs: redis.timeout_ms,
    onChange: (state) => {
      if (state.isUp) log.info('Redis is connected');
      else log.warn(`Redis is away (${state.reason}); budgets and persisted queries go on without it`);
    },
  });
}

interface DemandControlParts {
  readonly settings: Settings;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly redis: RedisLink | undefined;
}

export interface Demand {
  readonly demandControl: DemandControl;
  /** Budgets that rules of `permissions:` set. */
  readonly partBudgets: PartBudgets;
}

/** What operations may cost, and who pays for them, as the settings say. */
export function demandControlOf(parts: DemandControlParts): Demand {
  const { settings, telemetry } = parts;
  const { demand_control, rate_limit } = settings;
  const store = bucketStoreOf(parts);
  const partBudgets = new PartBudgets({
    store,
    listSize: demand_control.list_size,
    minPoints: rate_limit.min_points,
    clientNameHeader: settings.client_name_header.toLowerCase(),
  });
  const demandControl = new DemandControl({
    mode: demand_control.mode,
    listSize: demand_control.list_size,
    max: demand_control.max,
    tellsInExtensions: demand_control.response_extension,
    tellsInHeaders: demand_control.response_headers,
    rateLimiter:
      // API keys may have budgets of their own
      rate_limit.budgets.length === 0 && !settings.authentication.api_keys.enabled
        ? undefined
        : new RateLimiter({
            store,
            budgets: rate_limit.budgets,
            weights: rate_limit.weights,
            exempt: rate_limit.exempt,
            minPoints: rate_limit.min_points,
            telemetry,
          }),
    tellsRateLimit: rate_limit.response_extension,
    telemetry,
  });
  return { demandControl, partBudgets };
}

function bucketStoreOf({ settings, log, telemetry, redis }: DemandControlParts): BucketStore {
  const local = new MemoryBuckets({ maxBuckets: settings.rate_limit.max_buckets });
  if (redis === undefined) {
    if (settings.workers !== 1 && settings.rate_limit.budgets.length > 0) {
      log.warn('each worker counts budgets alone; set REDIS_URL, so that they count together');
    }
    return local;
  }
  const shared = new RedisBuckets(redis, { keyPrefix: settings.redis.key_prefix });
  return new SharedBuckets({ shared, local, onFailure: settings.rate_limit.store_failure, telemetry });
}

/** What one operation may cost each subgraph; `undefined` where nothing is refused. */
export function subgraphCostsOf({ demand_control }: Settings): SubgraphCostLimits | undefined {
  const { mode, subgraphs, list_size } = demand_control;
  if (mode !== 'enforce' || Object.keys(subgraphs).length === 0) return undefined;
  const of = (subgraph: string) => (Object.hasOwn(subgraphs, subgraph) ? subgraphs[subgraph] : undefined);
  return {
    maxOf: (subgraph) => of(subgraph)?.max,
    listSizeOf: (subgraph) => of(subgraph)?.list_size ?? list_size,
  };
}
