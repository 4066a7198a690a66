import type { Principal } from '../http/principal.ts';

/** A budget that a rule sets on a field. */
export interface PartBudget {
  readonly points: number;
  /** Seconds in which it is whole again. */
  readonly per: number;
  readonly by: 'user' | 'key' | 'role' | 'client' | 'address';
  /** What a caller who has saved up may spend at once; `points` without it. */
  readonly burst?: number | undefined;
  /** Fields whose budgets have one name share it. */
  readonly name?: string | undefined;
}

/**
 * Charges the estimated cost of all selections of a field in the operation.
 * @returns the error that the caller is to read when there are too few points
 */
export type SpendPoints = (
  budget: PartBudget,
  field: { readonly typeName: string; readonly fieldName: string },
) => Promise<true | Error>;

/**
 * What rules get as their context, the third argument: one object a request, the same for all its rules. What more the
 * gateway offers to rules becomes a member here.
 */
export interface RuleContext {
  readonly principal: Principal;
  /** The client's, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The client's address. */
  readonly address: string;
  readonly requestId: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Takes points out of a budget, for `budget` (budget.ts); `undefined` where operations have no cost. */
  readonly spend: SpendPoints | undefined;
  readonly operation: {
    readonly type: 'query' | 'mutation' | 'subscription';
    readonly name: string | undefined;
  };
}
