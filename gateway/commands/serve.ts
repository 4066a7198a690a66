import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual, promisify } from 'node:util';
import type { Logger } from 'pino';
import type { Permissions } from '../authorize/permissions.ts';
import type { BuildEngine } from '../engine.ts';
import { AuthorizedEngines } from '../engines/authorizedEngine.ts';
import { demandControlled } from '../engines/demandControlledEngine.ts';
import { engineOf } from '../engines.ts';
import { GatewayError } from '../errors.ts';
import { compileHeaderRules, type SelectHeaders } from '../execute/subgraph/headerRules.ts';
import { principalHeaderFor, withPrincipalHeader } from '../execute/subgraph/principalHeader.ts';
import { HeldStates } from '../execute/subgraph/traffic/heldStates.ts';
import { answerTimeoutMs, trafficBy } from '../execute/subgraph/trafficSettings.ts';
import { Gateway, type PreparedSwap } from '../gateway.ts';
import type { Readiness } from '../http/health.ts';
import { Overload } from '../http/overload.ts';
import { createHttpServer, type HttpServerOptions } from '../http/server.ts';
import { DocumentGuard } from '../limit/documentGuard.ts';
import type { PartBudgets } from '../limit/rate/partBudgets.ts';
import { Pipeline } from '../pipeline.ts';
import { errorExposure } from '../respond/errorExposure.ts';
import { formatErrorsBy } from '../respond/formatErrors.ts';
import type { Settings } from '../settingsSchema.ts';
import { type Discoveries, followNobody } from '../supergraph/discoveries.ts';
import { logFigures } from '../telemetry/logFigures.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { authenticatorOf } from './authenticatorOf.ts';
import { demandControlOf, openRedis, subgraphCostsOf } from './demandControlOf.ts';
import { type FollowedSettings, followSettings } from './followSettings.ts';
import { FollowedPermissions, permissionsOf } from './permissionsOf.ts';
import { automaticQueriesOf, followPersistedOperations } from './persistedOperationsOf.ts';
import { logOf, once, type RunningGateway, type ServeOptions, sayServing } from './serving.ts';
import { discoveriesOf, supergraphSourceOf } from './supergraphSourceOf.ts';
import { secondsToExpiry, type TlsOfSubgraphs, tlsOfSubgraphs } from './tlsOf.ts';
import { warnOfUnknownSubgraphs } from './unknownSubgraphs.ts';

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
   * @returns `http://127.0.0.1:4000`
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
  const telemetry = new Telemetry();
  const states = new HeldStates();
  const stopFigures = log.isLevelEnabled('debug') ? logFigures(telemetry, log) : undefined;
  let flow = await requestFlow({ settings, cwd, log, telemetry, discoveries, states });
  const stopExpiry = telemetry.observe('certificateExpiry', () => secondsToExpiry(flow.tls.followed));
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
    graphqlPath: settings.listen.path,
    maxBodyBytes: settings.limits.max_body_bytes,
    maxHeaderBytes: settings.limits.max_header_bytes,
    headersTimeoutMs: settings.limits.headers_timeout_ms,
    requestTimeoutMs: settings.limits.request_timeout_ms,
    answerTimeoutMs: () => answerTimeoutMs(flow.settings.traffic_shaping),
    writeTimeoutMs: () => flow.settings.limits.write_timeout_ms,
    keepAliveTimeoutMs: settings.limits.keep_alive_timeout_ms,
    maxBatchSize: settings.batching.enabled ? settings.batching.maximum_size : 0,
    trustedProxies: settings.trusted_proxies,
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
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
    prepareReload,
    stop: async () => {
      await withDeadline(app.close(), settings.limits.drain_timeout_ms, () => {
        log.warn(`requests were still in flight after ${settings.limits.drain_timeout_ms} ms and are ended`);
        app.server.closeAllConnections();
      });
      await flow.stop();
      await Promise.all(retiring);
      stopFigures?.();
      stopExpiry();
      overload.stop();
      await flow.discoveries.stop();
      await promisify<void>((done) => log.flush(() => done(null)))();
    },
  };
}

interface RequestFlowOptions {
  readonly settings: Settings;
  readonly cwd: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly discoveries: Discoveries;
  readonly states: HeldStates;
}

/** The request flow by one state of the settings, from who asks to the engine in force. Other settings make another one. */
interface RequestFlow extends Pick<HttpServerOptions, 'handle' | 'authenticate'> {
  readonly settings: Settings;
  readonly gateway: Gateway;
  /** Not stopped with it: another flow may use them too. */
  readonly discoveries: Discoveries;
  readonly tls: TlsOfSubgraphs;
  /** Stops when the requests that it has are answered. */
  retire(): Promise<void>;
  stop(): Promise<void>;
}

async function requestFlow(options: RequestFlowOptions): Promise<RequestFlow> {
  const opened: (() => unknown)[] = [];
  const stop = once(async () => {
    for (const close of opened.reverse()) await close();
  });
  try {
    return await openFlow(options, { stop, onStop: (close) => opened.push(close) });
  } catch (error) {
    // a reload that fails leaves nothing open
    await stop();
    throw error;
  }
}

interface FlowEnd {
  /** Closes what was opened, last first. */
  readonly stop: () => Promise<void>;
  readonly onStop: (close: () => unknown) => void;
}

async function openFlow(
  { settings, cwd, log, telemetry, discoveries, states }: RequestFlowOptions,
  { stop, onStop }: FlowEnd,
): Promise<RequestFlow> {
  requirePrincipalSecret(settings);
  const { permissions, files } = await permissionsOf({ settings, cwd });
  const tls = tlsOfSubgraphs({ settings, cwd, log });
  onStop(() => tls.stop());
  const redis = openRedis(settings, log);
  onStop(() => redis?.close());
  const { demandControl, partBudgets } = demandControlOf({ settings, log, telemetry, redis });
  const engines = authorizedEnginesBy(settings, { log, permissions, partBudgets });
  const build = engines.building(
    demandControlled(engineBy(settings, { log, telemetry, discoveries, tls, states }), {
      demandControl,
      clientNameHeader: settings.client_name_header.toLowerCase(),
    }),
  );
  const gateway = new Gateway(build, log, {
    telemetry,
    warmUp: {
      operations: settings.query_planning.warm_up_operations,
      timeoutMs: settings.query_planning.warm_up_timeout_ms,
    },
  });
  onStop(() => gateway.stop());
  warnOfUnknownSubgraphs(gateway, settings, log);
  const documentGuard = new DocumentGuard({
    limits: settings.limits,
    warnOnly: settings.limits.warn_only,
    log,
  });
  const persisted = await followPersistedOperations({ settings, cwd, log, telemetry });
  onStop(() => persisted?.stop());
  const pipeline = new Pipeline({
    gateway,
    log,
    formatError: formatErrorsBy({ exposureOf: errorExposure(settings.include_subgraph_errors) }),
    production: settings.production,
    introspection: settings.introspection !== 'off',
    suggestions: settings.introspection === 'all',
    csrfPrevention: settings.csrf_prevention,
    allowsBatching: settings.batching.enabled,
    maxTokens: settings.limits.max_tokens,
    documentGuard,
    maxVariablesDepth: settings.limits.max_variables_depth,
    maxErrors: settings.limits.max_errors,
    persistedOperations: persisted?.operations,
    automaticQueries: automaticQueriesOf({ settings, redis, documentGuard }),
    clientNameHeader: settings.client_name_header.toLowerCase(),
  });
  onStop(() => pipeline.stop());
  const authenticator = await authenticatorOf({ settings, cwd, telemetry, log });
  onStop(() => authenticator.stop());
  const followed = new FollowedPermissions({
    settings,
    cwd,
    files,
    accept: (changed) => {
      try {
        engines.replacePermissions(changed);
      } finally {
        // rules and schema change one after the other: what waited for these rules comes into force with them
        const waiting = engines.refusedSupergraph;
        if (waiting !== undefined) void gateway.swap(waiting).catch(() => {});
      }
    },
    onAccepted: () => log.info('the permissions have changed'),
    onRefused: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      log.error(`${reason}\nthe permissions before stay in force`);
    },
  });
  onStop(() => followed.stop());

  let inFlight = 0;
  let onIdle: () => void = () => {};
  return {
    settings,
    gateway,
    discoveries,
    tls,
    authenticate: (request) => authenticator.principalOf(request),
    handle: async (request, client) => {
      inFlight += 1;
      try {
        return await pipeline.handle(request, client);
      } finally {
        inFlight -= 1;
        if (inFlight === 0) onIdle();
      }
    },
    retire: async () => {
      // a request that was authenticated by this flow may be about to be handled by the next: that is no request of this one
      if (inFlight > 0) {
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      }
      await stop();
    },
    stop,
  };
}

export interface EngineParts {
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Without them no registry is asked, and no request reaches an instance. */
  readonly discoveries?: Discoveries;
  /** Without it, what the settings say of certificates is not looked at. */
  readonly tls?: TlsOfSubgraphs;
  /** What is known of subgraphs, handed from engine to engine. */
  readonly states?: HeldStates;
}

interface AuthorizationParts {
  readonly log: Logger;
  readonly permissions: Permissions;
  readonly partBudgets?: PartBudgets;
}

/** Wraps engines in authorization, as the settings say. */
export function authorizedEnginesBy(
  { authorization, introspection }: Settings,
  { log, permissions, partBudgets }: AuthorizationParts,
): AuthorizedEngines {
  return new AuthorizedEngines(permissions, {
    log,
    ruleTimeoutMs: authorization.rule_timeout_ms,
    rejectsUnauthorized: authorization.reject_unauthorized,
    isDryRun: authorization.dry_run,
    errorsIn: authorization.errors.response,
    logsDenials: authorization.errors.log,
    filtersIntrospection: introspection === 'permitted',
    trusted: authorization.trust_requires,
    partBudgets,
  });
}

/** Builds engines as the settings say. */
export function engineBy(
  settings: Settings,
  { log, telemetry, discoveries, tls, states = new HeldStates() }: EngineParts,
): BuildEngine {
  const { zone, ejection } = settings.discovery;
  const headersOfAll = compileHeaderRules(settings.headers.all.request);
  return engineOf(settings.engine, {
    log,
    telemetry,
    maxSubgraphFetches: settings.limits.max_subgraph_fetches,
    trafficFor: trafficBy(settings.traffic_shaping),
    tlsFor: tls?.of,
    states,
    exposeQueryPlan: settings.expose_query_plan,
    subgraphCosts: subgraphCostsOf(settings),
    headersFor: (subgraph) => {
      const own = settings.headers.subgraphs[subgraph]?.request ?? [];
      // one function for all that have no rules of their own: its headers are made once a request
      const select =
        own.length === 0 ? headersOfAll : compileHeaderRules([...settings.headers.all.request, ...own]);
      return signedFor(subgraph, select, settings);
    },
    discovery: {
      follow: discoveries?.follow ?? followNobody,
      balancing: {
        zone,
        ejection: {
          failures: ejection.failures,
          baseMs: ejection.base_ms,
          maxMs: ejection.max_ms,
          maxPercent: ejection.max_percent,
        },
      },
    },
    planning: {
      timeoutMs: settings.query_planning.timeout_ms,
      maxQueue: settings.query_planning.max_queue,
      maxCacheBytes: settings.query_planning.max_cache_bytes,
    },
  });
}

/** Adds the principal header where the settings say so; it is another one for each subgraph. */
function signedFor(subgraph: string, select: SelectHeaders, { principal_header }: Settings): SelectHeaders {
  const { enabled, secret, lifetime_ms, claims } = principal_header;
  // `gatewayServer` has refused to start without a secret; other commands send nothing to subgraphs
  if (!enabled || secret === undefined) return select;
  const headerOf = principalHeaderFor({ secret, audience: subgraph, lifetimeMs: lifetime_ms, claims });
  return withPrincipalHeader(select, headerOf);
}

function requirePrincipalSecret({ principal_header }: Settings): void {
  if (!principal_header.enabled || principal_header.secret !== undefined) return;
  throw new GatewayError('SETTINGS_INVALID', {
    message:
      'principal_header.secret: needs a value where `principal_header.enabled` is on; set PRINCIPAL_SECRET to 32 random bytes or more (`openssl rand -hex 32`).',
  });
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
