import type { GraphQLSchema } from 'graphql';
import type { Case } from './graphCase.ts';
import type { DataRates } from './graphData.ts';
import { seededRandom } from './random.ts';
import { randomOperation } from './randomOperation.ts';

/** Composing costs far more than an operation, so this many neighbouring seeds share a graph. */
export const CASES_PER_GRAPH = 25;

/** Case 25 is of graph 2: with the graph's model, everything of a case follows from its seed. */
export function graphSeedOf(seed: number): number {
  return Math.floor(seed / CASES_PER_GRAPH);
}

/** The operation and the data of a seed. */
export function caseOfSeed(apiSchema: GraphQLSchema, seed: number): Case {
  const random = seededRandom(seed);
  const hostileAliases = random.chance(0.2);
  return {
    operation: randomOperation(apiSchema, seed, { hostileAliases }),
    dataSeed: seed,
    rates: random.pick(RATES),
  };
}

const RATES: readonly [DataRates, ...DataRates[]] = [
  { nulls: 0, errors: 0, violations: 0 },
  { nulls: 0.1, errors: 0, violations: 0 },
  { nulls: 0.15, errors: 0.04, violations: 0.01 },
  { nulls: 0.1, errors: 0.1, violations: 0.03 },
];
