import type { Logger } from 'pino';
import type { Permissions } from '../authorize/permissions.ts';
import type { BuildEngine } from '../engine.ts';
import { AuthorizedEngines } from '../engines/authorizedEngine.ts';
import { engineOf } from '../engines.ts';
import { compileHeaderRules, type SelectHeaders } from '../execute/subgraph/headerRules.ts';
import { principalHeaderFor, withPrincipalHeader } from '../execute/subgraph/principalHeader.ts';
import type { ForwardHeaders } from '../execute/subgraph/responseHeaderRules.ts';
import { HeldStates } from '../execute/subgraph/traffic/heldStates.ts';
import { trafficBy } from '../execute/subgraph/trafficSettings.ts';
import type { PartBudgets } from '../limit/rate/partBudgets.ts';
import type { Settings } from '../settingsSchema.ts';
import { type Discoveries, followNobody } from '../supergraph/discoveries.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { subgraphCostsOf } from './demandControlOf.ts';
import type { TlsOfSubgraphs } from './tlsOf.ts';

export interface EngineParts {
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Without them no registry is asked, and no request reaches an instance. */
  readonly discoveries?: Discoveries;
  /** Without it, what the settings say of certificates is not looked at. */
  readonly tls?: TlsOfSubgraphs;
  /** What is sent on of answers; without it the headers of none are collected. */
  readonly forwardHeaders?: ForwardHeaders | undefined;
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
  { log, telemetry, discoveries, tls, states = new HeldStates(), forwardHeaders }: EngineParts,
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
    answerHeaders: settings.cache_control_policy.enabled
      ? { isOf: () => true, maySetCookie: (subgraph) => forwardHeaders?.maySetCookie(subgraph) ?? false }
      : forwardHeaders,
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
