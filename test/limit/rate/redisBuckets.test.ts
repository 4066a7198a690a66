import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bucket } from '../../../gateway/limit/rate/bucket.ts';
import { MemoryBuckets } from '../../../gateway/limit/rate/memoryBuckets.ts';
import { RedisBuckets } from '../../../gateway/limit/rate/redisBuckets.ts';
import { SharedBuckets, type StoreFailure } from '../../../gateway/limit/rate/sharedBuckets.ts';
import { type LinkState, RedisLink } from '../../../gateway/runtime/redisLink.ts';
import { Telemetry } from '../../../gateway/telemetry/telemetry.ts';
import { hasRedis, startRedis, type TestRedis } from '../../support/redis.ts';

/** A link whose states can be waited for. */
class TestLink {
  readonly states: LinkState[] = [];
  readonly link: RedisLink;
  #waiting: (() => void)[] = [];

  constructor(url: string) {
    this.link = new RedisLink({
      url,
      commandTimeoutMs: 50,
      onChange: (state) => {
        this.states.push(state);
        for (const resolve of this.#waiting) resolve();
        this.#waiting = [];
      },
    });
  }

  async until(isUp: boolean): Promise<void> {
    while (this.link.isUp !== isUp) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

const bucket = (key: string, more: Partial<Bucket> = {}): Bucket => ({
  key,
  capacity: 10,
  refillPerMs: 1e-9,
  ...more,
});

const describeOverRedis = hasRedis() ? describe : describe.skip;
let redis: TestRedis;
let links: TestLink[];

beforeAll(async () => {
  if (describeOverRedis === describe) redis = await startRedis();
});
afterAll(() => redis?.stop());

beforeEach(() => {
  links = [];
});
afterEach(async () => {
  redis?.resume();
  await Promise.all(links.map(({ link }) => link.close()));
});

async function connect(url: string = redis.url): Promise<TestLink> {
  const link = new TestLink(url);
  links.push(link);
  await link.until(true);
  return link;
}

const bucketsOver = ({ link }: TestLink): RedisBuckets => new RedisBuckets(link, { keyPrefix: 't:' });
const rounded = async (
  taken: Promise<{ isAdmitted: boolean; left: readonly number[] }>,
): Promise<unknown> => {
  const { isAdmitted, left } = await taken;
  return [isAdmitted, ...left.map((points) => Math.round(points * 1000) / 1000)];
};

describeOverRedis('rate: buckets in Redis', () => {
  test('hold their capacity, and no point more; points of all or of none; points come back', async () => {
    const buckets = bucketsOver(await connect());
    const [small, large] = [bucket('small', { capacity: 4 }), bucket('large')];
    expect([
      await rounded(buckets.take([small, large], 3)),
      await rounded(buckets.take([small, large], 2)),
      await rounded(buckets.take([large], 7)),
      await rounded(buckets.take([small, large], -2)),
      await rounded(buckets.take([small, large], -100)),
    ]).toEqual([
      [true, 1, 7],
      [false, 1, 7],
      [true, 0],
      [true, 3, 2],
      [true, 4, 10],
    ]);
  });

  test('fill with the time of Redis, and expire when they are full', async () => {
    const { link } = await connect();
    const buckets = new RedisBuckets(link, { keyPrefix: 'fill:' });
    await buckets.take([bucket('a', { refillPerMs: 1 })], 10);
    const ttls: number[] = [];
    for (const key of (await link.send(['KEYS', 'fill:*'])) as string[]) {
      ttls.push((await link.send(['PTTL', key])) as number);
    }
    // in a thousandth of a second a point flows in, and round trips take longer
    const { left } = await buckets.take([bucket('a', { refillPerMs: 1 })], 0);
    expect([ttls.length, (ttls[0] ?? 0) > 0 && (ttls[0] ?? 0) <= 1010, (left[0] ?? 0) > 0]).toEqual([
      1,
      true,
      true,
    ]);
  });

  test('have keys of one length and no meaning, whatever a client calls itself', async () => {
    const { link } = await connect();
    const buckets = new RedisBuckets(link, { keyPrefix: 'keys:' });
    const names = ['__proto__', 'constructor', 'a\nb', 'x'.repeat(10_000), '*', '{u1}'];
    for (const name of names) await buckets.take([bucket(name)], 10);
    const seconds = [];
    for (const name of names) seconds.push((await buckets.take([bucket(name)], 1)).isAdmitted);
    const keys = (await link.send(['KEYS', 'keys:*'])) as string[];
    expect([
      seconds.includes(true),
      keys.length,
      keys.every((key) => /^keys:rate:[\w-]{43}$/.test(key)),
    ]).toEqual([false, 6, true]);
  });

  test('are the same for many limiters at once: what they admit is the budget, to the point', async () => {
    const limiters = (await Promise.all(Array.from({ length: 4 }, () => connect()))).map(bucketsOver);
    const shared = bucket('budget', { capacity: 1000 });
    let admitted = 0;
    const spend = async (limiter: RedisBuckets, seed: number): Promise<void> => {
      for (let round = 0; round < 60; round += 1) {
        const points = ((seed * 31 + round * 17) % 13) + 1;
        const { isAdmitted } = await limiter.take([shared], points);
        if (isAdmitted) admitted += points;
      }
      // what is left is taken point by point
      for (let round = 0; round < 15; round += 1) {
        if ((await limiter.take([shared], 1)).isAdmitted) admitted += 1;
      }
    };
    await Promise.all(limiters.flatMap((limiter, seed) => [spend(limiter, seed), spend(limiter, seed + 7)]));
    expect(admitted).toBe(1000);
  });

  test('are found by the script’s text when the server has forgotten it', async () => {
    const link = await connect();
    await link.link.send(['SCRIPT', 'FLUSH']);
    expect(await rounded(bucketsOver(link).take([bucket('flushed')], 1))).toEqual([true, 9]);
  });
});

describeOverRedis('rate: Redis is away', () => {
  function sharedOver(link: TestLink, onFailure: StoreFailure) {
    const telemetry = new Telemetry();
    const counted: unknown[] = [];
    telemetry.listen({ measured: (...measured) => counted.push(measured) });
    const local = new MemoryBuckets({ maxBuckets: 100 });
    return {
      counted,
      buckets: new SharedBuckets({ shared: bucketsOver(link), local, onFailure, telemetry }),
    };
  }

  async function outcomes(buckets: SharedBuckets, times: number): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let index = 0; index < times; index += 1) {
      // what Redis hears of while it is paused it does later: each test has a bucket of its own
      const taken = buckets.take([bucket(expect.getState().currentTestName ?? '')], 4);
      results.push(await taken.then(({ isAdmitted }) => isAdmitted).catch(({ code }) => code));
    }
    return results;
  }

  test.each([
    ['local', [true, true, false]],
    ['fail_open', [true, true, true]],
    ['fail_closed', ['RATE_LIMITER_UNAVAILABLE', 'RATE_LIMITER_UNAVAILABLE', 'RATE_LIMITER_UNAVAILABLE']],
  ] as const)('%s', async (policy, expected) => {
    const link = await connect();
    const { buckets, counted } = sharedOver(link, policy);
    redis.pause();
    const startedAt = performance.now();
    expect(await outcomes(buckets, 3)).toEqual(expected);
    expect([performance.now() - startedAt < 500, counted]).toEqual([
      true,
      Array.from({ length: 3 }, () => ['rateLimitStoreFailures', 1, { policy }]),
    ]);
  });

  test('for longer: what comes then waits for nothing', async () => {
    const link = await connect();
    const { buckets } = sharedOver(link, 'fail_open');
    redis.pause();
    while (link.link.isUp) await outcomes(buckets, 1);
    const startedAt = performance.now();
    await outcomes(buckets, 1000);
    expect([performance.now() - startedAt < 500, link.states.map(({ isUp }) => isUp)]).toEqual([
      true,
      [true, false],
    ]);
  });

  test('for a moment: it counts again within five seconds', async () => {
    const link = await connect();
    const { buckets } = sharedOver(link, 'fail_closed');
    redis.pause();
    while (link.link.isUp) await outcomes(buckets, 1);
    redis.resume();
    const startedAt = performance.now();
    await link.until(true);
    const taken = await buckets.take([bucket('counted again')], 4);
    expect([performance.now() - startedAt < 5000, taken.isAdmitted]).toEqual([true, true]);
  });

  test('and comes back as another process, which knows no script', async () => {
    const link = await connect();
    const { buckets } = sharedOver(link, 'fail_closed');
    await redis.end();
    const while_ = await outcomes(buckets, 1);
    await redis.start();
    await link.until(true);
    expect([while_, await outcomes(buckets, 1)]).toEqual([['RATE_LIMITER_UNAVAILABLE'], [true]]);
  });

  test('as a replica that takes no writes', async () => {
    const link = await connect();
    const { buckets, counted } = sharedOver(link, 'local');
    await link.link.send(['REPLICAOF', '127.0.0.1', '1']);
    try {
      expect([await outcomes(buckets, 3), counted.length]).toEqual([[true, true, false], 3]);
    } finally {
      await link.link.send(['REPLICAOF', 'NO', 'ONE']);
    }
  });
});

describe('rate: what answers is no Redis', () => {
  let server: Server;
  let answer: string;

  beforeEach(async () => {
    answer = '';
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        // the greeting of the client is answered as Redis does, what follows with rubbish
        const commands = String(chunk).match(/\*\d+\r\n\$/g)?.length ?? 1;
        if (/HELLO|CLIENT/.test(String(chunk))) socket.write('+OK\r\n'.repeat(commands));
        else socket.write(answer);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
  });

  test.each([
    ['rubbish', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a text', '+PONG\r\n'],
    ['a list that is too short', '*1\r\n:1\r\n'],
    ['a list of texts', '*2\r\n+yes\r\n+many\r\n'],
  ])('%s is an outage like another', async (_what, rubbish) => {
    answer = rubbish;
    const link = await connect(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(bucketsOver(link).take([bucket('a')], 1)).rejects.toThrow(
      expect.objectContaining({ name: 'RedisAwayError' }),
    );
  });
});
