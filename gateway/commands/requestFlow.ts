import type { Logger } from 'pino';
import { demandControlled } from '../engines/demandControlledEngine.ts';
import { GatewayError } from '../errors.ts';
import { compileResponseHeaderRules, type ForwardHeaders } from '../execute/subgraph/responseHeaderRules.ts';
import type { HeldStates } from '../execute/subgraph/traffic/heldStates.ts';
import { answerTimeoutMs } from '../execute/subgraph/trafficSettings.ts';
import { Gateway } from '../gateway.ts';
import type { HttpServerOptions } from '../http/server.ts';
import { DocumentGuard } from '../limit/documentGuard.ts';
import { Pipeline } from '../pipeline.ts';
import { errorExposure } from '../respond/errorExposure.ts';
import { formatErrorsBy } from '../respond/formatErrors.ts';
import type { Settings } from '../settingsSchema.ts';
import type { Discoveries } from '../supergraph/discoveries.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { authenticatorOf } from './authenticatorOf.ts';
import { demandControlOf, openRedis } from './demandControlOf.ts';
import { authorizedEnginesBy, engineBy } from './engineBy.ts';
import { FollowedPermissions, permissionsOf } from './permissionsOf.ts';
import { automaticQueriesOf, followPersistedOperations } from './persistedOperationsOf.ts';
import { once } from './serving.ts';
import { type TlsOfSubgraphs, tlsOfSubgraphs } from './tlsOf.ts';
import { warnOfUnknownSubgraphs } from './unknownSubgraphs.ts';
import { varyOf } from './varyOf.ts';

export interface RequestFlowOptions {
  readonly settings: Settings;
  readonly cwd: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly discoveries: Discoveries;
  readonly states: HeldStates;
}

/** The request flow by one state of the settings, from who asks to the engine in force. Other settings make another one. */
export interface RequestFlow extends Pick<HttpServerOptions, 'handle' | 'authenticate'> {
  readonly settings: Settings;
  /** Time for the answer to a request, once it has arrived. */
  readonly answerTimeoutMs: number;
  readonly gateway: Gateway;
  /** Not stopped with it: another flow may use them too. */
  readonly discoveries: Discoveries;
  readonly tls: TlsOfSubgraphs;
  /** Stops when the requests that it has are answered. */
  retire(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Opens the request flow of some settings.
 * @throws GatewayError SETTINGS_INVALID, PERMISSIONS_INVALID
 */
export async function requestFlow(options: RequestFlowOptions): Promise<RequestFlow> {
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
  const forwardHeaders = forwardHeadersOf(settings, log);
  const build = engines.building(
    demandControlled(engineBy(settings, { log, telemetry, discoveries, tls, states, forwardHeaders }), {
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
    forwardHeaders,
    storage: settings.cache_control_policy.enabled ? { vary: varyOf(settings) } : undefined,
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
    answerTimeoutMs: answerTimeoutMs(settings.traffic_shaping),
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

function forwardHeadersOf({ headers }: Settings, log: Logger): ForwardHeaders | undefined {
  return compileResponseHeaderRules({
    all: headers.all.response,
    subgraphs: new Map(Object.entries(headers.subgraphs).map(([name, { response }]) => [name, response])),
    onLeftOut: (names) =>
      log.warn({ headers: names }, 'headers of subgraphs are left out: they are more than clients may take'),
  });
}

function requirePrincipalSecret({ principal_header }: Settings): void {
  if (!principal_header.enabled || principal_header.secret !== undefined) return;
  throw new GatewayError('SETTINGS_INVALID', {
    message:
      'principal_header.secret: needs a value where `principal_header.enabled` is on; set PRINCIPAL_SECRET to 32 random bytes or more (`openssl rand -hex 32`).',
  });
}
