import type { BuildEngine } from '../../gateway/engine.ts';
import { apolloEngine } from '../../gateway/engines/apolloEngine.ts';
import { compiledEngine } from '../../gateway/engines/compiledEngine.ts';
import { engineOptions, trafficUnderTest } from '../support/engineOptions.ts';

export interface EngineUnderTest {
  readonly name: string;
  readonly build: BuildEngine;
  /** Whether `knownDifferences.ts` may excuse a difference: only what we did not write is excused. */
  readonly isStock: boolean;
}

const options = engineOptions({
  trafficFor: () => ({
    ...trafficUnderTest,
    timeoutMs: 20_000,
    totalTimeoutMs: 20_000,
    maxResponseBytes: 16_000_000,
  }),
  planning: { timeoutMs: 20_000, maxQueue: 100, maxCacheBytes: 100_000_000 },
});

/** Every engine is compared with the oracle over the same cases. */
export const enginesUnderTest: readonly EngineUnderTest[] = [
  { name: 'apollo', build: apolloEngine(options), isStock: true },
  { name: 'compiled', build: compiledEngine(options), isStock: false },
];
