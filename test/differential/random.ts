import { seededRandom as seededNumbers } from '../support/seededNumbers.ts';

/** A source of numbers that gives the same ones for the same seed, on every machine. */
export interface Random {
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
  /** Both ends included. */
  between(low: number, high: number): number;
  /** @throws when there is nothing to pick from */
  pick<Item>(items: readonly Item[]): Item;
  /** Every item with the given probability, in order. */
  some<Item>(items: readonly Item[], probability: number): Item[];
  chance(probability: number): boolean;
  shuffle<Item>(items: readonly Item[]): Item[];
}

export function seededRandom(seed: number): Random {
  const next = seededNumbers(hashOf(`seed ${seed}`));
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    pick(items) {
      if (items.length === 0) throw new Error('There is nothing to pick from.');
      return items[below(items.length)] as (typeof items)[number];
    },
    some: (items, probability) => items.filter(() => next() < probability),
    chance: (probability) => next() < probability,
    shuffle(items) {
      const rest = [...items];
      return items.map(() => rest.splice(below(rest.length), 1)[0] as (typeof items)[number]);
    },
  };
}

/** A 32 bit hash of a text: FNV-1a with the last step of MurmurHash3, so that near texts have far hashes. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
