import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loaderModule, runsFromSources, sourceOf } from './sourceLoader.ts';

/**
 * Starts a process of its own on a module of the gateway, with a channel for messages. What ends it, a crash of native
 * code included, ends nothing else.
 *
 * @param module the compiled module; run from sources, the source of that name, as `startWorker` does
 */
export function startProcess(module: URL): ChildProcess {
  return fork(fileURLToPath(runsFromSources ? sourceOf(module) : module), {
    execArgv: runsFromSources ? ['--import', loaderModule('tsx').href] : [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}
