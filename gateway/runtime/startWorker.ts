import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a worker thread on a module of the gateway.
 *
 * @param module the compiled module, `new URL('./composeWorker.js', import.meta.url)`. Where the gateway runs from its
 *   TypeScript sources (`npm start`, tests), the source of that name is run instead, after registering `tsx` inside the
 *   thread: a thread does not inherit module hooks of its parent on Node.js 20.
 */
export function startWorker(module: URL, options: WorkerOptions = {}): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(module, options);
  const source = pathToFileURL(fileURLToPath(module).replace(/\.js$/, '.ts'));
  // `require.resolve` finds the CommonJS build (jest has no `import.meta.resolve`); the ES module stands beside it
  const loader = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/\.cjs$/, '.mjs'),
  );
  const program = `import(${JSON.stringify(loader.href)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(source.href)});
  })`;
  return new Worker(program, { ...options, eval: true });
}
