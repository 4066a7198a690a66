import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { memoryCache } from '../../../../subgraphs/ai/cache/memoryCache.ts';
import { redisCache } from '../../../../subgraphs/ai/cache/redisCache.ts';
import { freePorts } from '../../../support/freePorts.ts';
import { hasRedis, startRedis, type TestRedis } from '../../../support/redis.ts';

describe('ai cache: memory', () => {
  test('keeps an answer until its time is over', async () => {
    let now = 0;
    const cache = memoryCache(() => now);
    await cache.put('k', 'answer', 10);
    const fresh = await cache.get('k');
    now = 10_000;
    expect([fresh, await cache.get('k'), await cache.get('other')]).toEqual(['answer', null, null]);
  });

  test('drops what was not used for longest, above its size', async () => {
    const cache = memoryCache();
    const large = 'x'.repeat(5_000_000);
    for (const key of ['a', 'b', 'c']) await cache.put(key, large, 60);
    await cache.get('a');
    await cache.put('d', large, 60);
    const kept = await Promise.all(['a', 'b', 'c', 'd'].map(async (key) => (await cache.get(key)) !== null));
    expect(kept).toEqual([true, false, true, true]);
  });
});

const describeRedis = hasRedis() ? describe : describe.skip;

describeRedis('ai cache: Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('what one process keeps another one finds', async () => {
    const [one, other] = [
      await redisCache({ url: redis.url, onFault: () => {} }),
      await redisCache({ url: redis.url, onFault: () => {} }),
    ];
    await one.put('k', 'answer', 60);
    expect([await other.get('k'), await other.get('nothing')]).toEqual(['answer', null]);
    await one.close();
    await other.close();
  });

  test('a Redis that does not answer is a cache without anything', async () => {
    const cache = await redisCache({ url: redis.url, onFault: () => {} });
    await cache.put('k', 'answer', 60);
    redis.pause();
    expect(await cache.get('k')).toBeNull();
    redis.resume();
    await cache.close();
  });

  test('a Redis that is not there keeps nothing from starting, and is told of', async () => {
    const faults: unknown[] = [];
    const [port] = await freePorts(1);
    const cache = await redisCache({
      url: `redis://127.0.0.1:${port}`,
      onFault: (error) => void faults.push(error),
    });
    await cache.put('k', 'answer', 60);
    expect([await cache.get('k'), faults.length > 0]).toEqual([null, true]);
    await cache.close();
  });
});
