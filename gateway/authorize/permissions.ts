import type { RuleContext } from './ruleContext.ts';
import type { ShieldOptions, ShieldTree } from './shieldTypes.ts';

/**
 * Answers policies of `@policy`: which of the names hold. A name that is not answered with `true` does not hold.
 */
export type EvaluatePolicies = (
  names: readonly string[],
  context: RuleContext,
) => Readonly<Record<string, boolean>> | Promise<Readonly<Record<string, boolean>>>;

/** What a module of permissions exports. */
export interface Permissions {
  /** The rule tree: what would be the first argument of `shield`. */
  readonly permissions?: ShieldTree;
  /** What would be its second: `fallbackRule`, `fallbackError`, `debug`. */
  readonly options?: ShieldOptions;
  readonly evaluatePolicies?: EvaluatePolicies;
}
