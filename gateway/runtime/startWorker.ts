import { Worker, type WorkerOptions } from 'node:worker_threads';
import { loaderModule, runsFromSources, sourceOf } from './sourceLoader.ts';

/**
 * Starts a worker thread on a module of the gateway.
 *
 * @param module the compiled module, `new URL('./composeWorker.js', import.meta.url)`. Where the gateway runs from its
 *   TypeScript sources, the source of that name is run instead, after registering `tsx` inside the thread: a thread does
 *   not inherit module hooks of its parent on Node.js 20.
 */
export function startWorker(module: URL, options: WorkerOptions = {}): Worker {
  if (!runsFromSources) return new Worker(module, options);
  const program = `import(${JSON.stringify(loaderModule('tsx/esm/api').href)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(sourceOf(module).href)});
  })`;
  return new Worker(program, { ...options, eval: true });
}
