import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Whether the subgraph runs from its TypeScript sources (`npm start`, tests) or compiled. */
const runsFromSources = import.meta.url.endsWith('.ts');

/**
 * Starts a worker thread on a module of a subgraph.
 *
 * @param module the compiled module, `new URL('./modelThread.js', import.meta.url)`. Where the subgraph runs from its
 *   sources, the source of that name is run instead, after registering `tsx` inside the thread: a thread does not inherit
 *   module hooks of its parent on Node.js 20.
 */
export function startWorker(module: URL, options: WorkerOptions = {}): Worker {
  if (!runsFromSources) return new Worker(module, options);
  // `require.resolve` finds the CommonJS build (jest has no `import.meta.resolve`); the ES module stands beside it
  const loader = createRequire(import.meta.url)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const source = pathToFileURL(fileURLToPath(module).replace(/\.js$/, '.ts'));
  const program = `import(${JSON.stringify(pathToFileURL(loader).href)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(source.href)});
  })`;
  return new Worker(program, { ...options, eval: true });
}
