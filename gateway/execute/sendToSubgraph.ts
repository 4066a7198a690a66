import type { ClientRequest } from '../http/clientRequest.ts';
import type { SubgraphResponse } from './subgraph/subgraphClient.ts';

/**
 * Sends one operation to a subgraph.
 * @param body the JSON body
 * @throws GatewayError as `SubgraphClient.send`
 */
export type SendToSubgraph = (
  subgraph: string,
  body: string,
  client: ClientRequest,
) => Promise<SubgraphResponse>;
