import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { flagsForRequests } from './collectorFlags.ts';
import { loaderModule, runsFromSources, sourceOf } from './sourceLoader.ts';

/**
 * Starts a process on a module of the gateway that listens where its siblings listen: this process accepts connections, and
 * hands them round. Flags of Node.js are those of this process, and the one
 * that spares the garbage collector.
 *
 * @param module the compiled module; run from sources, the source of that name, as `startProcess` does
 */
export function forkWorker(module: URL): Worker {
  cluster.setupPrimary({
    exec: fileURLToPath(runsFromSources ? sourceOf(module) : module),
    args: [],
    execArgv: runsFromSources ? ['--import', loaderModule('tsx').href] : [...flagsForRequests()],
    serialization: 'advanced',
  });
  return cluster.fork();
}
