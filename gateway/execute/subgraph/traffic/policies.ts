import { sharing } from './sharing.ts';
import type { Policy, SendCall } from './subgraphCall.ts';
import type { SubgraphTraffic } from './subgraphTraffic.ts';

/**
 * Wraps what sends to a subgraph, or to one of its instances, in the policies that are on, the outermost first.
 */
export function withPolicies(send: SendCall, traffic: SubgraphTraffic): SendCall {
  const policies: readonly (Policy | undefined)[] = [traffic.sharesCalls ? sharing() : undefined];
  return policies.reduceRight<SendCall>((next, policy) => policy?.(next) ?? next, send);
}
