import type { BuildEngine, EngineOptions } from './engine.ts';
import { plannerLoads } from './plan/plannerLoads.ts';

/**
 * The engines there are, by their name in the settings. Each is loaded when it is first built: a process needs one of them,
 * and the packages of the stock gateway take a third of a second to load.
 */
const engines = {
  compiled: async (options: EngineOptions) =>
    (await import('./engines/compiledEngine.ts')).compiledEngine(options),
  apollo: async (options: EngineOptions) => (await import('./engines/apolloEngine.ts')).apolloEngine(options),
} as const;

export type EngineName = keyof typeof engines | 'auto';

/** Builds engines of a kind; `auto` is the compiled one where its planner loads, and the stock one elsewhere. */
export function engineOf(name: EngineName, options: EngineOptions): BuildEngine {
  let build: Promise<BuildEngine> | undefined;
  return async (supergraph) => {
    build ??= name === 'auto' ? loadingEngine(options) : engines[name](options);
    return (await build)(supergraph);
  };
}

async function loadingEngine(options: EngineOptions): Promise<BuildEngine> {
  const loads = await plannerLoads();
  if (!loads)
    options.log.warn('the native planner has no build for this machine; the stock engine serves instead');
  return engines[loads ? 'compiled' : 'apollo'](options);
}
