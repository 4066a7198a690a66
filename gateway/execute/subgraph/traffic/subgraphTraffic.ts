import type { SubgraphCompression } from '../compression.ts';
import type { Http2Mode } from '../http2Dispatcher.ts';
import type { CircuitBreakerOptions } from './circuitBreaker.ts';
import type { ConcurrencyOptions } from './concurrencyLimit.ts';
import type { HedgingOptions } from './hedging.ts';
import type { RetryOptions } from './retrying.ts';

/** How requests to one subgraph are sent. What is `undefined` is off, and costs nothing. */
export interface SubgraphTraffic {
  /** Time for one try: waiting for its turn, connecting, headers and the whole body. */
  readonly timeoutMs: number;
  /** Time for all tries and what is waited between them. */
  readonly totalTimeoutMs: number;
  /** A larger answer is refused and its connection closed. */
  readonly maxResponseBytes: number;
  /** Connections to each of its addresses. */
  readonly maxConnections: number;
  /** HTTP/1.1 without it. */
  readonly http2?: Http2Mode | undefined;
  readonly compression?: SubgraphCompression | undefined;
  /** Whether a query joins an equal one that is in flight. */
  readonly sharesCalls: boolean;
  /** Header that says how long an answer is waited for, in lower case. */
  readonly deadlineHeader?: string | undefined;
  readonly concurrency: ConcurrencyOptions;
  readonly retry?: RetryOptions | undefined;
  readonly hedging?: HedgingOptions | undefined;
  readonly circuitBreaker?: CircuitBreakerOptions | undefined;
}
