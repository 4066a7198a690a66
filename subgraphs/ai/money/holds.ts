import type { CallScope } from './contract.ts';
import type { ReservationRow } from './tables.ts';

/** What a reservation added to one counter: `[key, nanoUsd, tokens]`. */
export type Hold = readonly [key: string, nanoUsd: number, tokens: number];

export const noHold: Hold = ['', 0, 0];

/** One hold a counter. */
export function mergeHolds(holds: readonly Hold[]): readonly Hold[] {
  const merged = new Map<string, Hold>();
  for (const [key, nanoUsd, tokens] of holds) {
    const [, earlierNanoUsd, earlierTokens] = merged.get(key) ?? noHold;
    merged.set(key, [key, earlierNanoUsd + nanoUsd, earlierTokens + tokens]);
  }
  return [...merged.values()];
}

export const holdsOf = (row: ReservationRow): readonly Hold[] => JSON.parse(row.holds);
export const modelsOf = (row: ReservationRow): readonly string[] => JSON.parse(row.models);
export const scopeOf = ({ tenant, alias, field }: ReservationRow): CallScope => ({ tenant, alias, field });
