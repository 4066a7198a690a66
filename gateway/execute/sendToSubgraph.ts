import type { GatewayError } from '../errors.ts';
import type { Cancellation } from '../runtime/cancellation.ts';
import type { SubgraphAnswer, SubgraphRequest, SubgraphResponse } from './subgraph/subgraphRequest.ts';

/** For whom a subgraph is asked: one client, or several whose operations are the same in all. */
export interface Caller {
  /** Headers to send to a subgraph, names in lower case. */
  headersFor(subgraph: string): Readonly<Record<string, string>>;
  /** Cancelled when nobody waits for the answer any more. */
  readonly cancellation: Cancellation;
  /** Whether an equal call in flight answers this one too: never in a mutation. */
  readonly sharesCalls: boolean;
  /** Whether a call may be made again when nobody knows if it was read: never in a mutation. */
  readonly repeatsCalls: boolean;
  /** Subgraphs that are not to be asked, and why. */
  readonly refused?: ReadonlyMap<string, GatewayError> | undefined;
  /** Where the headers of answers go that something is made of; `undefined` where nothing is. */
  readonly answers?: AnsweredFetches | undefined;
  /** Called when an answer, or what came instead of it, is there. */
  onAnswer(): void;
}

/** The fetch nodes of a plan that were answered, or failed. */
export type AnsweredFetches = Map<SentFetch, SubgraphAnswer>;

/** A fetch node of the plan. Each is sent once at most in an execution. */
export interface SentFetch {
  readonly subgraph: string;
}

/**
 * Sends the operation of a fetch node to its subgraph.
 * @throws GatewayError as `SubgraphClient.send`
 */
export type SendToSubgraph = (
  fetch: SentFetch,
  call: Required<Pick<SubgraphRequest, 'body' | 'keepsDigits'>>,
  caller: Caller,
) => Promise<SubgraphResponse>;
