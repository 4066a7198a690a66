import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { DocumentStore } from '../../gateway/operation/documentStore.ts';

/** Three tokens and two for the ends: about 3 kB. */
const document = parse('{ a }');
const ROOM_FOR_EIGHT = 8 * 3_000 + 500;

describe('operation: documents that are kept', () => {
  test('are found by the hash of their text', () => {
    const store = new DocumentStore();
    store.set('a', document);
    expect([store.get('a'), store.get('b')]).toEqual([document, undefined]);
  });

  test('are no more than the memory for them', () => {
    const store = new DocumentStore(ROOM_FOR_EIGHT);
    for (let index = 0; index < 100; index += 1) store.set(String(index), document);
    const held = Array.from({ length: 100 }, (_, index) => String(index)).filter(
      (hash) => store.get(hash) !== undefined,
    );
    expect([held.length <= 8, held.length >= 4, held.at(-1)]).toEqual([true, true, '99']);
  });

  test('stay while they are asked for', () => {
    const store = new DocumentStore(ROOM_FOR_EIGHT);
    store.set('often', document);
    for (let index = 0; index < 100; index += 1) {
      store.set(String(index), document);
      expect(store.get('often')).toBe(document);
    }
  });

  test('take what a document of many short tokens takes, not what its text does', () => {
    const store = new DocumentStore(2_000_000);
    // 155 kB each, measured with V8 of Node.js 20
    const minified = parse(`{a{${'c '.repeat(300)}}}`);
    for (let index = 0; index < 100; index += 1) store.set(String(index), minified);
    const held = Array.from({ length: 100 }, (_, index) => store.get(String(index))).filter(Boolean);
    expect(held.length).toBeLessThan(20);
  });
});
