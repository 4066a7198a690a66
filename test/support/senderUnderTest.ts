import { SubgraphSender, type SubgraphSenderOptions } from '../../gateway/execute/subgraph/subgraphSender.ts';
import { engineOptions, trafficUnderTest } from './engineOptions.ts';

/** A sender as an engine makes it, without policies of its own. The caller closes it. */
export function senderUnderTest({
  timeoutMs = 5_000,
  totalTimeoutMs = timeoutMs,
  ...options
}: Partial<SubgraphSenderOptions> & Pick<SubgraphSenderOptions, 'subgraph' | 'url'>): SubgraphSender {
  const { discovery, ...engine } = engineOptions();
  return new SubgraphSender({
    ...trafficUnderTest,
    ...engine,
    ...discovery,
    timeoutMs,
    totalTimeoutMs,
    maxResponseBytes: 1_000,
    maxConnections: 2,
    ...options,
  });
}
