import type { FollowInstances } from '../../supergraph/discoveries.ts';
import { BalancedClient, type BalancingOptions } from './balancedClient.ts';
import { SubgraphClient, type SubgraphClientOptions } from './subgraphClient.ts';
import type { SubgraphRequest, SubgraphResponse } from './subgraphRequest.ts';

/** Sends operations to one subgraph: to its one URL, or to one of its instances. */
export interface SubgraphSender {
  /** @throws GatewayError as `SubgraphClient.send` */
  send(request: SubgraphRequest): Promise<SubgraphResponse>;
  /** Waits for the requests in flight. */
  close(): Promise<void>;
}

export interface SubgraphSenderOptions extends SubgraphClientOptions {
  readonly balancing: BalancingOptions;
  readonly follow: FollowInstances;
}

/** A subgraph with a plain URL gets the plain client, and pays for nothing else. */
export function subgraphSenderFor({ balancing, follow, ...options }: SubgraphSenderOptions): SubgraphSender {
  const instances = follow(options.subgraph, options.url);
  return instances === undefined
    ? new SubgraphClient(options)
    : new BalancedClient({ ...options, ...balancing, instances });
}

/** Resolves when every registry was asked once, so that an engine does not take requests before it knows whom to send them. */
export async function registriesAsked(senders: Iterable<SubgraphSender>): Promise<void> {
  await Promise.all(
    Array.from(senders, (sender) => (sender instanceof BalancedClient ? sender.firstRead : undefined)),
  );
}
