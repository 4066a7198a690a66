import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { GatewayError } from '../../../../gateway/errors.ts';
import { hashSecret, writeApiKey } from '../../../../gateway/http/authenticate/apiKeys/apiKey.ts';
import type { KeyRow } from '../../../../gateway/http/authenticate/apiKeys/keyDatabase.ts';
import {
  KeyVerifier,
  type KeyVerifierOptions,
} from '../../../../gateway/http/authenticate/apiKeys/keyVerifier.ts';

const ID = '0123456789abcdef';
const [secret, old, wrong] = ['s', 'o', 'w'].map((letter) => letter.repeat(43)) as [string, string, string];
const keyOf = (text: string, id = ID): string => writeApiKey({ id, secret: text });

const row: KeyRow = {
  id: ID,
  name: 'Ticker',
  hash: hashSecret(secret),
  previous_hash: hashSecret(old),
  previous_until: 2_000_000,
  scopes: '["read","write"]',
  roles: '["BOT"]',
  budget: 500,
  created_at: 1,
  expires_at: 9_000_000,
  revoked_at: null,
  last_used_at: null,
};

/** A verifier over one row, which a test may change, and the time of which is the test's. */
function verifier(options: Partial<KeyVerifierOptions> = {}) {
  const own = {
    row: row as KeyRow | undefined,
    clock: 1_000_000,
    reads: 0,
    touches: [] as number[],
    isDown: false,
  };
  const made = new KeyVerifier({
    store: {
      async find(id) {
        own.reads += 1;
        if (own.isDown) throw new Error('connection refused');
        return id === own.row?.id ? own.row : undefined;
      },
      async touch(_id, now) {
        own.touches.push(now);
      },
    },
    headerName: 'x-api-key',
    cacheMs: 5_000,
    maxCachedKeys: 100,
    log: pino({ level: 'silent' }),
    now: () => own.clock,
    ...options,
  });
  const ask = async (text: string): Promise<unknown> => {
    try {
      return await made.verify(text);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return `${error.code}: ${error.message}`;
    }
  };
  return Object.assign(own, { ask, verify: (text: string) => made.verify(text) });
}

const invalid = 'UNAUTHENTICATED: The API key is not valid.';

describe('API keys: a key', () => {
  test('makes the principal that the store holds', async () => {
    expect(await verifier().ask(keyOf(secret))).toEqual({
      kind: 'key',
      id: ID,
      scopes: ['read', 'write'],
      roles: ['BOT'],
      claims: { name: 'Ticker', budget: 500, created_at: 1, expires_at: 9_000_000 },
    });
  });

  test.each([
    ['with a wrong secret', keyOf(wrong)],
    ['with another id', keyOf(secret, 'fedcba9876543210')],
    ['that is its stored hash', keyOf(hashSecret(secret).slice(0, 43))],
    ['that is the hash alone', hashSecret(secret)],
    ['without its prefix', keyOf(secret).slice('tributary_'.length)],
    ['that goes on', `${keyOf(secret)}x`],
    ['that ends too soon', keyOf(secret).slice(0, -1)],
    ['with a line break', `${keyOf(secret)}\n`],
    ['that is empty', ''],
    ['of a megabyte', 'x'.repeat(1_000_000)],
    ['two, as Node.js joins them', `${keyOf(secret)}, ${keyOf(secret)}`],
  ])('%s is refused', async (_what, text) => {
    expect(await verifier().ask(text)).toBe(invalid);
  });

  test('of the secret before is accepted until the grace is over', async () => {
    const one = verifier();
    const during = await one.ask(keyOf(old));
    one.clock = 2_000_000;
    expect([during, await one.ask(keyOf(old)), await one.ask(keyOf(secret))]).toEqual([
      expect.objectContaining({ id: ID }),
      invalid,
      expect.objectContaining({ id: ID }),
    ]);
  });

  test('that has expired is refused, and says so only to who knows it', async () => {
    const one = verifier();
    one.clock = 9_000_000;
    expect([await one.ask(keyOf(secret)), await one.ask(keyOf(wrong))]).toEqual([
      'UNAUTHENTICATED: The API key has expired.',
      invalid,
    ]);
  });
});

describe('API keys: what is remembered', () => {
  test('a key is read once in `cacheMs`, an unknown id too', async () => {
    const one = verifier();
    for (let times = 0; times < 3; times += 1) {
      await one.ask(keyOf(secret));
      await one.ask(keyOf(secret, 'fedcba9876543210'));
    }
    const during = one.reads;
    one.clock += 5_000;
    await one.ask(keyOf(secret));
    expect([during, one.reads]).toEqual([2, 3]);
  });

  test('requests that come together read once', async () => {
    const one = verifier();
    await Promise.all(Array.from({ length: 20 }, () => one.ask(keyOf(secret))));
    expect(one.reads).toBe(1);
  });

  test('a key that is revoked is accepted for `cacheMs` at most', async () => {
    const one = verifier();
    await one.ask(keyOf(secret));
    one.row = { ...row, revoked_at: one.clock };
    one.clock += 4_999;
    const during = await one.ask(keyOf(secret));
    one.clock += 1;
    expect([during, await one.ask(keyOf(secret))]).toEqual([expect.objectContaining({ id: ID }), invalid]);
  });

  test('the principal is one value until something of the key changes', async () => {
    const one = verifier();
    const first = await one.verify(keyOf(secret));
    one.clock += 10_000;
    one.row = { ...row, last_used_at: 1 };
    const same = await one.verify(keyOf(secret));
    one.clock += 10_000;
    one.row = { ...row, scopes: '["read"]' };
    const changed = await one.verify(keyOf(secret));
    expect([same === first, changed.scopes]).toEqual([true, ['read']]);
  });

  test('no more than `maxCachedKeys` are', async () => {
    const one = verifier({ maxCachedKeys: 2 });
    await one.ask(keyOf(secret));
    for (const id of ['a', 'b', 'c']) await one.ask(keyOf(secret, id.repeat(16)));
    await one.ask(keyOf(secret));
    expect(one.reads).toBe(5);
  });

  test('the last use is noted once a minute, of accepted keys only', async () => {
    const one = verifier({ cacheMs: 0 });
    await one.ask(keyOf(wrong));
    await one.ask(keyOf(secret));
    await one.ask(keyOf(secret));
    one.clock += 60_000;
    await one.ask(keyOf(secret));
    expect(one.touches).toEqual([1_000_000, 1_060_000]);
  });

  test('a store that does not answer is a 503, and is asked again by the next request', async () => {
    const one = verifier();
    one.isDown = true;
    const down = await one.ask(keyOf(secret));
    one.isDown = false;
    expect([down, await one.ask(keyOf(secret))]).toEqual([
      'AUTHENTICATION_UNAVAILABLE: API keys cannot be checked now; try again soon.',
      expect.objectContaining({ id: ID }),
    ]);
  });
});
