import type { ClientRequest } from '../http/clientRequest.ts';

/** A plan for people and their tools: as `@apollo/query-planner` shapes it, and as text. */
export interface ShownPlan {
  readonly object: unknown;
  readonly text: string;
}

/** What a request wants to know of its plan. */
export interface AskedPlan {
  /** Plan and execute nothing: the answer has no `data`. */
  readonly isDryRun: boolean;
  extensionsOf(plan: ShownPlan): Readonly<Record<string, unknown>>;
}

/**
 * Reads the headers by which Apollo Sandbox and other tools ask for a plan.
 *
 * - `Apollo-Query-Plan-Experimental`, with `…-Format: prettified` (text, the default) or `internal` (object), is answered by
 *   `extensions.__queryPlanExperimental`. Source: `@apollo/gateway`, `executor`.
 * - `Apollo-Expose-Query-Plan: true` or `dry-run` is answered by `extensions.apolloQueryPlan`.
 *   Source: Apollo Router, `plugins/expose_query_plan.rs`.
 */
export function askedPlanOf({ headers }: ClientRequest): AskedPlan | undefined {
  const expose = headers['apollo-expose-query-plan'];
  const isExposed = expose === 'true' || expose === 'dry-run';
  const isExperimental = Boolean(headers['apollo-query-plan-experimental']);
  if (!isExposed && !isExperimental) return undefined;
  const format = headers['apollo-query-plan-experimental-format'] ?? 'prettified';
  return {
    isDryRun: expose === 'dry-run',
    extensionsOf: ({ object, text }) => ({
      ...(isExperimental
        ? { __queryPlanExperimental: format === 'internal' ? object : format === 'prettified' ? text : true }
        : {}),
      ...(isExposed ? { apolloQueryPlan: { object, text } } : {}),
    }),
  };
}
