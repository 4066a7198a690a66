import type { Principal } from '../http/principal.ts';

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
  readonly operation: {
    readonly type: 'query' | 'mutation' | 'subscription';
    readonly name: string | undefined;
  };
}
