import type { Cancellation } from '../../../runtime/cancellation.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';

/** One operation on its way to a subgraph, as each policy hands it to the next. */
export interface SubgraphCall {
  /** The JSON body: `{"query":…,"variables":…}`. */
  readonly body: string;
  /** Names in lower case; see `headerRules.ts`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Cancelled when nobody waits for the answer any more. */
  readonly cancellation: Cancellation;
  /** Whether the answer to an equal request that is in flight will do: the same body and headers. Never in a mutation. */
  readonly isShareable: boolean;
  /** Whether it may be sent again when nobody knows if it was read: a query, and never a mutation. */
  readonly isRepeatable: boolean;
  /** See `SubgraphRequest`; the same for all that are the same in body. */
  readonly keepsDigits?: boolean;
  /** See `SubgraphRequest`; the same for all calls to a subgraph. */
  readonly keepsHeaders?: boolean;
  /** When it must be answered, by `performance.now()`. */
  readonly deadlineMs: number;
  /** Set where it may be sent more than once. */
  readonly progress?: CallProgress;
  /** A second call for what another is in flight for: it is not worth waiting for a turn. */
  readonly isSpare?: boolean;
}

/** What is known of a call while it is sent, and sent again. */
export interface CallProgress {
  /** Whether an answer has begun, whatever became of it. */
  hasBegun: boolean;
  /** Instances that were asked: another one is preferred. */
  readonly tried: unknown[];
}

/**
 * Sends a call, and resolves with the whole answer, whatever its status.
 *
 * @throws ExchangeEnded, the error of undici, or GatewayError where it was not sent
 */
export type SendCall = (call: SubgraphCall) => Promise<ReceivedAnswer>;

/** Wraps what sends a call, once for each subgraph. */
export type Policy = (next: SendCall) => SendCall;
