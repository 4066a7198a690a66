import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { KeySet, type KeySetOptions } from '../../../gateway/http/authenticate/keySet.ts';
import { readKeySet } from '../../../gateway/http/authenticate/readKeySet.ts';

/* Sources of the rules: Apollo Router `poll_interval`, Cosmo `refresh_unknown_kid`. Time is the test's. */

const keysOf = (...kids: string[]): string =>
  JSON.stringify({ keys: kids.map((kid) => ({ kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid })) });

interface Issuer {
  readonly keySet: KeySet;
  /** What a read gives from now on. */
  answer: () => Promise<string>;
  readonly reads: number;
  clock: number;
  readonly lines: readonly string[];
}

const started: KeySet[] = [];

function issuer(options: Partial<KeySetOptions> = {}): Issuer {
  const lines: string[] = [];
  const own = { answer: async () => keysOf('a'), reads: 0, clock: 1_000_000, lines };
  const keySet = new KeySet({
    name: 'issuer',
    read: () => {
      own.reads += 1;
      return own.answer();
    },
    parse: (text) => readKeySet(text, { allowsSecrets: false }),
    pollIntervalMs: 60_000,
    unknownKidFloorMs: 10_000,
    maxWaitMs: 1_000,
    log: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) }),
    now: () => own.clock,
    ...options,
  });
  started.push(keySet);
  return Object.assign(own, { keySet });
}

const find = async ({ keySet }: Issuer, kid: string | undefined): Promise<unknown> => {
  const answer = await keySet.find({ kid, algorithm: 'EdDSA' });
  return answer.kind === 'found' ? answer.keys.map((key) => key.kid) : answer.reason;
};

afterEach(() => {
  for (const keySet of started.splice(0)) keySet.stop();
  jest.useRealTimers();
});

describe('key set: before the first read', () => {
  test('a request waits for it', async () => {
    const one = issuer();
    expect([await find(one, 'a'), one.reads]).toEqual([['a'], 1]);
  });

  test('requests that come together cause one read', async () => {
    const one = issuer();
    expect([await Promise.all([find(one, 'a'), find(one, 'a'), find(one, 'x')]), one.reads]).toEqual([
      [['a'], ['a'], 'CANNOT_FIND_KID'],
      // the third asks once more for the key that it names
      2,
    ]);
  });

  test('no request waits longer than `maxWaitMs`', async () => {
    jest.useFakeTimers();
    const one = issuer();
    one.answer = () => new Promise(() => {});
    const found = find(one, 'a');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await found).toBe('KEYS_UNAVAILABLE');
  });

  test('a failed one is not tried again for each request', async () => {
    const one = issuer();
    one.answer = () => Promise.reject(new Error('refused'));
    expect([await find(one, 'a'), await find(one, 'a'), one.reads]).toEqual([
      'KEYS_UNAVAILABLE',
      'KEYS_UNAVAILABLE',
      1,
    ]);
    one.clock += 1_000;
    one.answer = async () => keysOf('a');
    expect([await find(one, 'a'), one.reads]).toEqual([['a'], 2]);
  });
});

describe('key set: rotation', () => {
  test('a new key id is found by one more read', async () => {
    const one = issuer();
    await one.keySet.start();
    one.answer = async () => keysOf('a', 'b');
    expect([await find(one, 'b'), one.reads]).toEqual([['b'], 2]);
  });

  test('a key that the new set does not hold is gone', async () => {
    const one = issuer();
    await one.keySet.start();
    one.answer = async () => keysOf('b');
    expect([await find(one, 'b'), await find(one, 'a')]).toEqual([['b'], 'CANNOT_FIND_KID']);
  });

  test('unknown key ids cause one read in the time of the floor', async () => {
    const one = issuer();
    await one.keySet.start();
    for (let index = 0; index < 100; index += 1) await find(one, `random-${index}`);
    const atOnce = one.reads;
    one.clock += 10_000;
    await find(one, 'random');
    expect([atOnce, one.reads]).toEqual([2, 3]);
  });

  test('the version grows when the keys change, and only then', async () => {
    const one = issuer();
    await one.keySet.start();
    const before = one.keySet.version;
    await one.keySet.start();
    const same = one.keySet.version;
    one.answer = async () => keysOf('b');
    await one.keySet.start();
    expect([same - before, one.keySet.version - before]).toEqual([0, 1]);
  });

  test('keys are polled', async () => {
    jest.useFakeTimers();
    const one = issuer();
    await one.keySet.start();
    one.answer = async () => keysOf('b');
    // 60 s, and 10 % of jitter
    await jest.advanceTimersByTimeAsync(66_000);
    expect([one.reads, await find(one, 'b')]).toEqual([2, ['b']]);
  });

  test('a failed poll is tried again sooner', async () => {
    jest.useFakeTimers();
    const one = issuer();
    one.answer = () => Promise.reject(new Error('refused'));
    await one.keySet.start();
    await jest.advanceTimersByTimeAsync(1_100);
    const afterOne = one.reads;
    await jest.advanceTimersByTimeAsync(2_200);
    expect([afterOne, one.reads]).toEqual([2, 3]);
  });

  test('nothing is polled once it has stopped', async () => {
    jest.useFakeTimers();
    const one = issuer();
    await one.keySet.start();
    one.keySet.stop();
    await jest.advanceTimersByTimeAsync(200_000);
    expect(one.reads).toBe(1);
  });
});

describe('key set: an issuer that fails', () => {
  const rubbish: readonly (readonly [string, string])[] = [
    ['HTML', '<html><body>It works!</body></html>'],
    ['nothing', ''],
    ['an empty set', '{"keys":[]}'],
    ['no set', '{"error":"gone"}'],
    ['null', 'null'],
    ['keys that are no list', '{"keys":{"a":1}}'],
    ['keys that are no objects', '{"keys":[null,1,"a",[]]}'],
    ['keys for encryption only', '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA","use":"enc"}]}'],
    ['secrets', '{"keys":[{"kty":"oct","k":"AAAA"}]}'],
    ['RSA keys that are too short', '{"keys":[{"kty":"RSA","n":"AAAA","e":"AQAB"}]}'],
    ['too many keys', keysOf(...Array.from({ length: 101 }, (_, index) => String(index)))],
  ];

  test.each(rubbish)('%s leaves the keys before in force', async (_what, text) => {
    const one = issuer();
    await one.keySet.start();
    one.answer = async () => text;
    await one.keySet.start();
    expect(await find(one, 'a')).toEqual(['a']);
  });

  test('a slow one holds nobody up whose key is known', async () => {
    const one = issuer();
    await one.keySet.start();
    one.answer = () => new Promise(() => {});
    void one.keySet.start();
    expect(await find(one, 'a')).toEqual(['a']);
  });

  test('a slow one refuses an unknown key after `maxWaitMs`', async () => {
    jest.useFakeTimers();
    const one = issuer();
    await one.keySet.start();
    one.answer = () => new Promise(() => {});
    const found = find(one, 'b');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await found).toBe('CANNOT_FIND_KID');
  });

  test('is told once, and once more when it is well again', async () => {
    const one = issuer();
    await one.keySet.start();
    one.answer = () => Promise.reject(new Error('connection refused'));
    await one.keySet.start();
    await one.keySet.start();
    one.answer = async () => keysOf('a');
    await one.keySet.start();
    expect(one.lines).toEqual([
      'the key set could not be read: connection refused; the keys before stay in force',
      'the key set can be read again',
    ]);
  });
});

describe('key set: which keys may have signed a token', () => {
  const mixed = JSON.stringify({
    keys: [
      { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid: 'ed' },
      { kty: 'OKP', crv: 'X25519', x: 'AAAA', kid: 'dh' },
      { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'ec' },
      { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', alg: 'ES256' },
      { kty: 'RSA', n: 'A'.repeat(342), e: 'AQAB', kid: 'rsa', alg: 'PS256' },
      { kty: 'oct', k: 'A'.repeat(43), kid: 'shared' },
      { kty: 'oct', k: 'AAAA', kid: 'too short' },
    ],
  });
  const keys = readKeySet(mixed, { allowsSecrets: true });

  test.each([
    ['EdDSA', ['ed']],
    ['ES256', ['ec', undefined]],
    ['ES384', []],
    ['PS256', ['rsa']],
    ['RS256', []],
    ['HS256', ['shared']],
  ] as const)('%s fits %j', (algorithm, kids) => {
    expect(keys.filter((key) => key.fits(algorithm)).map(({ kid }) => kid)).toEqual(kids);
  });

  test('an id names its key; a key without one may be any', async () => {
    const one = issuer();
    one.answer = async () => mixed;
    const found = await Promise.all(
      ['ec', 'other', undefined].map((kid) => one.keySet.find({ kid, algorithm: 'ES256' })),
    );
    expect(found.map((answer) => answer.kind === 'found' && answer.keys.map(({ kid }) => kid))).toEqual([
      ['ec'],
      [undefined],
      ['ec', undefined],
    ]);
  });

  test('of a private key the public half is used', async () => {
    const { exportJWK, generateKeyPair } = await import('jose');
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const [key] = readKeySet(JSON.stringify({ keys: [await exportJWK(privateKey)] }), {
      allowsSecrets: false,
    });
    expect(await key?.import('ES256')).toMatchObject({ type: 'public' });
  });
});
