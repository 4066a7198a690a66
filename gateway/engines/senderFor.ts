import type { EngineOptions } from '../engine.ts';
import { SubgraphSender } from '../execute/subgraph/subgraphSender.ts';

/** What an engine asks a subgraph by. The caller closes it. */
export function senderFor(
  { log, telemetry, states, discovery, trafficFor, tlsFor }: EngineOptions,
  { subgraph, url }: { readonly subgraph: string; readonly url: string },
): SubgraphSender {
  return new SubgraphSender({
    subgraph,
    url,
    log,
    telemetry,
    states,
    ...discovery,
    ...trafficFor(subgraph),
    tls: tlsFor?.(subgraph),
  });
}
