import { pino } from 'pino';
import type { BuildEngine, EngineOptions } from '../../gateway/engine.ts';
import { apolloEngine } from '../../gateway/engines/apolloEngine.ts';
import { compiledEngine } from '../../gateway/engines/compiledEngine.ts';

export interface EngineUnderTest {
  readonly name: string;
  readonly build: BuildEngine;
  /** Whether `knownDifferences.ts` may excuse a difference: only what we did not write is excused. */
  readonly isStock: boolean;
}

const options: EngineOptions = {
  log: pino({ level: 'silent' }),
  timeoutMs: 20_000,
  maxResponseBytes: 16_000_000,
  maxConnections: 8,
  exposeQueryPlan: false,
  headersFor: () => () => ({}),
  planning: { timeoutMs: 20_000, maxQueue: 100 },
};

/** Every engine is compared with the oracle over the same cases. */
export const enginesUnderTest: readonly EngineUnderTest[] = [
  { name: 'apollo', build: apolloEngine(options), isStock: true },
  { name: 'compiled', build: compiledEngine(options), isStock: false },
];
