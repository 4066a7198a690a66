import { GatewayError } from '../errors.ts';

/** The refusal of an operation whose plan is larger than `limits.max_subgraph_fetches`. */
export function tooManyFetches(fetchCount: number, max: number): GatewayError {
  return new GatewayError('MAX_SUBGRAPH_FETCHES_LIMIT', {
    message: `The operation needs ${fetchCount} requests to subgraphs; at most ${max} are allowed.`,
    extensions: { subgraphFetches: fetchCount, maxSubgraphFetches: max },
  });
}
