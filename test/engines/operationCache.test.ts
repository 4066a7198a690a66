import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { OperationCache } from '../../gateway/engines/operationCache.ts';
import type { OperationKey } from '../../gateway/operation/usedOperation.ts';

const keyOf = (sourceHash: string, operationName = '', variant = ''): OperationKey => ({
  sourceHash,
  operationName,
  variant,
});

/** Room for about four entries without bytes of their own. */
const MAX_BYTES = 5_000;
let cache: OperationCache<number>;

beforeEach(() => {
  jest.useFakeTimers();
  cache = new OperationCache({
    maxBytes: MAX_BYTES,
    bytesOf: (bytes) => bytes,
    failedForMs: (error) => (error === 'lasting' ? 1_000 : 0),
  });
});

afterEach(() => {
  cache.close();
  jest.useRealTimers();
});

function put(name: string, bytes = 0): void {
  cache.set(keyOf(name), { prepared: Promise.resolve(bytes), source: '' });
}

/** Lets what was prepared be weighed. */
async function weighed(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
}

const held = (...names: string[]): string[] => names.filter((name) => cache.get(keyOf(name)) !== undefined);

describe('engines: the operation cache', () => {
  test('tells operations apart by text, name and variant', () => {
    const keys = [keyOf('a'), keyOf('a', 'Name'), keyOf('a', '', '5'), keyOf('b')];
    for (const key of keys) cache.set(key, { prepared: Promise.resolve(0), source: 'x' });
    const found = keys.map((key) => cache.get(key));
    expect([cache.size, new Set(found).size, cache.get(keyOf('b', 'Name'))]).toEqual([4, 4, undefined]);
  });

  test('lets go what was not used since it was last looked at, oldest first', async () => {
    for (const name of ['a', 'b', 'c', 'd']) put(name);
    cache.get(keyOf('a'));
    put('e', 1_000);
    await weighed();
    expect(held('a', 'b', 'c', 'd', 'e')).toEqual(['a', 'c', 'd', 'e']);
  });

  test('weighs what was prepared when it is known', async () => {
    put('a');
    put('b', MAX_BYTES);
    expect(held('a', 'b')).toEqual(['a', 'b']);
    await weighed();
    expect([held('a', 'b'), cache.size]).toEqual([['b'], 1]);
  });

  test('counts its bytes back when entries go', async () => {
    for (let n = 0; n < 50; n += 1) put(`operation ${n}`, n);
    await weighed();
    expect(cache.bytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(cache.size).toBeGreaterThan(2);
  });

  test('forgets a failure at once, so that the next request tries again', async () => {
    cache.set(keyOf('a'), { prepared: Promise.reject(new Error('no connection')), source: '' });
    await weighed();
    expect(cache.size).toBe(0);
  });

  test('keeps a failure that would come again, for a time', async () => {
    cache.set(keyOf('a'), { prepared: Promise.reject('lasting'), source: '' });
    await weighed();
    const before = cache.size;
    jest.advanceTimersByTime(1_001);
    expect([before, cache.size, cache.bytes]).toEqual([1, 0, 0]);
  });

  test('names what is used most, most first', () => {
    for (const name of ['a', 'b', 'c']) put(name);
    for (let n = 0; n < 5; n += 1) cache.get(keyOf('b'));
    cache.get(keyOf('c'));
    expect(cache.mostUsed(2)).toEqual([
      { ...keyOf('b'), source: '', uses: 6 },
      { ...keyOf('c'), source: '', uses: 2 },
    ]);
  });

  test('counts less what is longer ago', () => {
    put('a');
    for (let n = 0; n < 7; n += 1) cache.get(keyOf('a'));
    put('b');
    jest.advanceTimersByTime(3 * 60_000);
    for (let n = 0; n < 2; n += 1) cache.get(keyOf('b'));
    put('c');
    expect(cache.mostUsed(9).map(({ sourceHash, uses }) => [sourceHash, uses])).toEqual([
      ['b', 2],
      ['a', 1],
      ['c', 1],
    ]);
  });
});
