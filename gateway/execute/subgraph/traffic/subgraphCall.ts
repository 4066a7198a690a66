import type { SubgraphRequest } from '../subgraphRequest.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';

/** One operation on its way to a subgraph, as each policy hands it to the next. */
export interface SubgraphCall extends SubgraphRequest {
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
