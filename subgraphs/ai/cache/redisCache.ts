import { createClient } from '@redis/client';
import type { AnswerCache } from './answerCache.ts';

export interface RedisCacheOptions {
  readonly url: string;
  /** Told of each fault of the connection, which mends itself. */
  onFault(error: unknown): void;
}

const connectTimeoutMs = 2_000;
const commandTimeoutMs = 500;
const maxReconnectMs = 5_000;

/**
 * Answers in Redis, shared by all processes of the subgraph. What Redis does not answer at once counts as not kept: a call
 * goes to the provider rather than wait for a cache.
 */
export async function redisCache({ url, onFault }: RedisCacheOptions): Promise<AnswerCache> {
  const client = createClient({
    url,
    // a command while it is away fails at once
    disableOfflineQueue: true,
    socket: {
      connectTimeout: connectTimeoutMs,
      reconnectStrategy: (retries) => Math.min(maxReconnectMs, 50 * 2 ** retries),
    },
  });
  client.on('error', onFault);
  const connected = client.connect().catch(onFault);
  // the first answers may already be kept; a Redis that is away must not keep the subgraph from starting
  await within(connected, connectTimeoutMs);
  return {
    async get(key) {
      try {
        return (await within(client.get(key), commandTimeoutMs)) ?? null;
      } catch {
        return null;
      }
    },
    async put(key, text, ttlSeconds) {
      try {
        await within(
          client.set(key, text, { expiration: { type: 'EX', value: ttlSeconds } }),
          commandTimeoutMs,
        );
      } catch {
        // it is asked for again
      }
    },
    async close() {
      client.destroy();
    },
  };
}

/** @returns `undefined` when it takes longer */
async function within<Value>(work: Promise<Value>, ms: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
