/** How requests to one subgraph are sent. */
export interface SubgraphTraffic {
  /** Time for one request in all: connecting, headers and the whole body. */
  readonly timeoutMs: number;
  /** A larger answer is refused and its connection closed. */
  readonly maxResponseBytes: number;
  /** Connections to each of its addresses. */
  readonly maxConnections: number;
  /** Whether a query joins an equal one that is in flight. */
  readonly sharesCalls: boolean;
}
