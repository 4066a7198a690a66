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
  const source = supergraphSourceOf({
    ...options,
    log,
    accept: (supergraph) => server.gateway.swap(supergraph),
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
      accept: async (changed) => (await server.prepareReload(changed)).commit(),
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
