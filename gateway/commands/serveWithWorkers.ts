import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { Settings } from '../settingsSchema.ts';
import { type FollowedSettings, followSettings } from './followSettings.ts';
import { logOf, once, type RunningGateway, type ServeOptions, sayServing } from './serving.ts';
import { discoveriesOf, supergraphSourceOf } from './supergraphSourceOf.ts';
import { WorkerPool } from './workers/workerPool.ts';

/**
 * Serves with several processes: this one follows the configuration and composes, once for all; workers answer requests.
 *
 * @throws GatewayError as `serve` of `serve.ts`
 */
export async function serve(options: ServeOptions): Promise<RunningGateway> {
  const { settings, cwd } = options;
  const log = logOf(options);
  const discoveries = discoveriesOf({ ...options, log });
  const workers = new WorkerPool({
    count: countOf(settings),
    settings,
    cwd,
    log,
    waitingFor: () => source.waitingFor(),
  });
  const source = supergraphSourceOf({
    ...options,
    log,
    accept: (supergraph) => workers.swap(supergraph),
    follow: discoveries.follow,
  });
  let followed: FollowedSettings | undefined;
  const stop = once(async () => {
    await followed?.stop();
    // a swap that waits for workers ends with them, and the source with the swap
    await Promise.all([workers.stop(), source.stop()]);
    await discoveries.stop();
    await promisify<void>((done) => log.flush(() => done(null)))();
  });
  try {
    const url = await workers.start();
    await source.start();
    followed = followSettings({ ...options, log, accept: (changed) => workers.reload(changed) });
    sayServing({ log, url, settings, isReady: workers.isReady, source });
    return { url, log, stop, reload: async () => followed?.reload() };
  } catch (error) {
    await stop();
    throw error;
  }
}

function countOf({ workers }: Settings): number {
  return workers === 'auto' ? availableParallelism() : workers;
}
