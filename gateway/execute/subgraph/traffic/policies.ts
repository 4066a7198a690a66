import { breaking, circuitBreakerOf } from './breaking.ts';
import { limitingConcurrency } from './concurrencyLimit.ts';
import { hedging } from './hedging.ts';
import type { PolicyContext } from './policyContext.ts';
import { retrying } from './retrying.ts';
import { sharing } from './sharing.ts';
import type { Policy, SendCall } from './subgraphCall.ts';
import type { SubgraphTraffic } from './subgraphTraffic.ts';

export interface PoliciesOptions extends PolicyContext {
  readonly traffic: SubgraphTraffic;
  /** How many calls the connections to the subgraph carry at a time. */
  readonly connections: () => number;
}

/**
 * Wraps what sends to a subgraph, or to one of its instances, in the policies that are on, the outermost first:
 *
 * 1. equal queries are shared: all below is done once for those who ask the same
 * 2. a query is tried again. Each try passes what is below anew: between two tries it takes nobody's turn, and a circuit breaker that
 *    opens ends them
 * 3. a slow query is sent a second time. Both calls pass what is below, so that the second is bounded as any other
 * 4. the circuit breaker is asked before a call waits for its turn: when the subgraph hangs, all turns are taken, and what is
 *    refused at once would wait for one
 * 5. a call waits for its turn
 *
 * What sends has chosen the instance and ends the exchange when the time of the try has passed.
 */
export function withPolicies(send: SendCall, options: PoliciesOptions): SendCall {
  const { traffic } = options;
  const breaker = traffic.circuitBreaker && circuitBreakerOf(traffic.circuitBreaker, options);
  const policies: readonly (Policy | undefined)[] = [
    traffic.sharesCalls ? sharing() : undefined,
    traffic.retry &&
      retrying(traffic.retry, {
        ...options,
        timeoutMs: traffic.timeoutMs,
        isStopped: () => breaker?.phase === 'open',
      }),
    traffic.hedging && hedging(traffic.hedging, options),
    breaker && breaking(breaker, options),
    limitingConcurrency(traffic.concurrency, options),
  ];
  return policies.reduceRight<SendCall>((next, policy) => policy?.(next) ?? next, send);
}
