import { type FollowedSettings, followSettings } from './followSettings.ts';
import { gatewayServer } from './gatewayServer.ts';
import { logOf, once, type RunningGateway, type ServeOptions, sayServing } from './serving.ts';
import { discoveriesOf, supergraphSourceOf } from './supergraphSourceOf.ts';

/**
 * Wires the two flows and serves. The server listens before the first supergraph is there, and answers 503 until then, so
 * that health checks see what is waited for.
 *
 * @throws GatewayError PERMISSIONS_INVALID, PORT_TAKEN, SUPERGRAPH_CONFIG_INVALID, COMPOSITION_FAILED, SUPERGRAPH_INVALID
 */
export async function serve(options: ServeOptions): Promise<RunningGateway> {
  const log = logOf(options);
  const discoveries = discoveriesOf({ ...options, log });
  const server = await gatewayServer({
    ...options,
    log,
    discoveries,
    readiness: ({ engine }) => ({ isReady: engine !== undefined, waitingFor: source.waitingFor() }),
  });
  const inTurn = oneAfterTheOther();
  const source = supergraphSourceOf({
    ...options,
    log,
    accept: (supergraph) => inTurn(() => server.gateway.swap(supergraph)),
    follow: discoveries.follow,
  });
  let followed: FollowedSettings | undefined;
  const stop = once(async () => {
    await followed?.stop();
    await source.stop();
    await server.stop();
  });
  try {
    const url = await server.listen();
    await source.start();
    followed = followSettings({
      ...options,
      log,
      accept: (changed) => inTurn(async () => (await server.prepareReload(changed)).commit()),
    });
    sayServing({
      log,
      url,
      settings: options.settings,
      isReady: server.gateway.engine !== undefined,
      source,
    });
    return { url, log, stop, reload: async () => followed?.reload() };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Swaps of the supergraph and reloads of the settings: a swap that was begun before a reload, and ready after it, would be one of
 * a gateway that serves no more, and lost.
 */
function oneAfterTheOther(): (change: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (change) => {
    const changed = last.then(change);
    last = changed.catch(() => {});
    return changed;
  };
}
