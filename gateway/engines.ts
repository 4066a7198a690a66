import type { BuildEngine, EngineOptions } from './engine.ts';
import { apolloEngine } from './engines/apolloEngine.ts';
import { compiledEngine } from './engines/compiledEngine.ts';
import { plannerLoads } from './plan/plannerLoads.ts';

/** The engines there are, by their name in the settings. */
const engines = { compiled: compiledEngine, apollo: apolloEngine } as const;

export type EngineName = keyof typeof engines | 'auto';

/** Builds engines of a kind; `auto` is the compiled one where its planner loads, and the stock one elsewhere. */
export function engineOf(name: EngineName, options: EngineOptions): BuildEngine {
  if (name !== 'auto') return engines[name](options);
  let build: Promise<BuildEngine> | undefined;
  return async (supergraph) => {
    build ??= plannerLoads().then((loads) => {
      if (!loads)
        options.log.warn('the native planner has no build for this machine; the stock engine serves instead');
      return engines[loads ? 'compiled' : 'apollo'](options);
    });
    return (await build)(supergraph);
  };
}
