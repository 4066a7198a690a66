import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual, promisify } from 'node:util';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import { HeldStates } from '../execute/subgraph/traffic/heldStates.ts';
import type { Gateway, PreparedSwap } from '../gateway.ts';
import type { Readiness } from '../http/health.ts';
import { Overload } from '../http/overload.ts';
import { createHttpServer } from '../http/server.ts';
import type { Settings } from '../settingsSchema.ts';
import type { Discoveries } from '../supergraph/discoveries.ts';
import { logFigures } from '../telemetry/logFigures.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { requestFlow } from './requestFlow.ts';
import { discoveriesOf } from './supergraphSourceOf.ts';
import { secondsToExpiry, tlsOfListener } from './tlsOf.ts';

export interface GatewayServerOptions {
  readonly settings: Settings;
  readonly cwd: string;
  readonly log: Logger;
  /** Stopped with the server. */
  readonly discoveries: Discoveries;
  readonly readiness: (gateway: Gateway) => Readiness | Promise<Readiness>;
}

/** The request flow of one process, from the port to the engine in force; supergraphs are brought to its gateway. */
export interface GatewayServer {
  /** That of the settings in force. */
  readonly gateway: Gateway;
  /**
   * @returns `http://127.0.0.1:4000`; `https` over TLS
   * @throws GatewayError PORT_TAKEN, SETTINGS_INVALID
   */
  listen(): Promise<string>;
  /**
   * Makes the request flow of other settings. Once it is in force, requests in flight end by the ones before. What the HTTP
   * server was made with stays.
   * @throws GatewayError as `gatewayServer`; the settings before stay in force
   */
  prepareReload(settings: Settings): Promise<PreparedSwap>;
  /** Stops accepting, answers what is in flight, and closes all. */
  stop(): Promise<void>;
}

/** Wires the HTTP server to the request flow by the settings in force. */
export async function gatewayServer({
  settings,
  cwd,
  log,
  discoveries,
  readiness,
}: GatewayServerOptions): Promise<GatewayServer> {
  const tls = tlsOfListener({ settings, cwd, log });
  const telemetry = new Telemetry();
  const states = new HeldStates();
  const stopFigures = log.isLevelEnabled('debug') ? logFigures(telemetry, log) : undefined;
  let flow = await requestFlow({ settings, cwd, log, telemetry, discoveries, states });
  const stopExpiry = telemetry.observe('certificateExpiry', () =>
    secondsToExpiry(tls === undefined ? flow.tls.followed : [tls, ...flow.tls.followed]),
  );
  /** Flows that answer what they have in flight. */
  const retiring = new Set<Promise<void>>();
  const overload = new Overload({ settings: () => flow.settings.overload, telemetry, log });
  overload.start();
  const app = await createHttpServer({
    handle: (request, client) => flow.handle(request, client),
    sharesEqualRequests: settings.traffic_shaping.inbound.deduplicate_query,
    authenticate: (request) => flow.authenticate(request),
    readiness: () => readiness(flow.gateway),
    overload,
    log,
    tls,
    graphqlPath: settings.listen.path,
    maxBodyBytes: settings.limits.max_body_bytes,
    maxHeaderBytes: settings.limits.max_header_bytes,
    headersTimeoutMs: settings.limits.headers_timeout_ms,
    requestTimeoutMs: settings.limits.request_timeout_ms,
    answerTimeoutMs: () => flow.answerTimeoutMs,
    writeTimeoutMs: () => flow.settings.limits.write_timeout_ms,
    keepAliveTimeoutMs: settings.limits.keep_alive_timeout_ms,
    maxBatchSize: settings.batching.enabled ? settings.batching.maximum_size : 0,
    trustedProxies: settings.trusted_proxies,
    compression: settings.compression.enabled
      ? { minBytes: settings.compression.min_bytes, encodings: settings.compression.encodings }
      : undefined,
    corsOrigins: settings.cors.origins,
    corsCredentials: settings.cors.credentials,
    explorer: {
      graphqlPath: settings.listen.path,
      ...settings.explorer,
      document: settings.explorer.document,
    },
  });

  const prepareReload = async (changed: Settings): Promise<PreparedSwap> => {
    const before = flow;
    const keepsDiscoveries = isDeepStrictEqual(changed.discovery, before.settings.discovery);
    const nextDiscoveries = keepsDiscoveries
      ? before.discoveries
      : discoveriesOf({ settings: changed, cwd, log });
    const next = await requestFlow({
      settings: changed,
      cwd,
      log,
      telemetry,
      states,
      discoveries: nextDiscoveries,
    }).catch(async (error: unknown) => {
      if (!keepsDiscoveries) await nextDiscoveries.stop();
      throw error;
    });
    const discard = async (): Promise<void> => {
      await next.stop();
      if (!keepsDiscoveries) await next.discoveries.stop();
    };
    try {
      // again when another supergraph has been put in force meanwhile
      for (let served = before.gateway.engine?.supergraph; served !== next.gateway.engine?.supergraph; ) {
        if (served !== undefined) await next.gateway.swap(served);
        served = before.gateway.engine?.supergraph;
      }
    } catch (error) {
      await discard();
      throw error;
    }
    const commit = (): void => {
      flow = next;
      const retired = before.retire().then(async () => {
        if (!keepsDiscoveries) await before.discoveries.stop();
      });
      retiring.add(retired);
      void retired.finally(() => retiring.delete(retired));
    };
    return { commit, discard };
  };

  return {
    get gateway() {
      return flow.gateway;
    },
    listen: async () => {
      await listen(app, settings);
      const { address, family, port } = app.server.address() as AddressInfo;
      return `${tls === undefined ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
    prepareReload,
    stop: async () => {
      await withDeadline(app.close(), settings.limits.drain_timeout_ms, () => {
        log.warn(`requests were still in flight after ${settings.limits.drain_timeout_ms} ms and are ended`);
        app.server.closeAllConnections();
      });
      // with its requests over, what they held is let go of; what does not end now never will
      await withDeadline(Promise.all([flow.stop(), ...retiring]), END_GRACE_MS, () => {
        log.warn('not all could be closed in order');
      });
      stopFigures?.();
      stopExpiry();
      tls?.stop();
      overload.stop();
      await flow.discoveries.stop();
      await promisify<void>((done) => log.flush(() => done(null)))();
    },
  };
}

async function listen(app: Awaited<ReturnType<typeof createHttpServer>>, settings: Settings): Promise<void> {
  const { host, port } = settings.listen;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new GatewayError('PORT_TAKEN', {
        message: `Port ${port} on ${host} is taken by another process; stop it, or choose a port with --port or PORT.`,
        cause,
      });
    }
    throw new GatewayError('SETTINGS_INVALID', {
      message: `Cannot listen on ${host}:${port}: ${message}`,
      cause,
    });
  }
}

/** For engines to close, once no request is in flight. */
const END_GRACE_MS = 1_000;

/** Waits for the drain, but not for ever: a client that never reads its answer must not keep the process. */
async function withDeadline(closing: Promise<unknown>, timeoutMs: number, onLate: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      onLate();
      resolve();
    }, timeoutMs);
  });
  await Promise.race([closing, deadline]);
  clearTimeout(timer);
}
