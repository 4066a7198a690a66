import { outcomeOf } from '../errors.ts';
import type { SubgraphRequest, SubgraphResponse } from '../execute/subgraph/subgraphRequest.ts';
import type { SubgraphSender } from '../execute/subgraph/subgraphSender.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { timed } from '../telemetry/timed.ts';

/** How an engine sends to one subgraph: by its client, with duration and outcome told where somebody listens. */
export function measuredSend(
  client: SubgraphSender,
  { subgraph, telemetry }: { readonly subgraph: string; readonly telemetry: Telemetry },
): (request: SubgraphRequest) => Promise<SubgraphResponse> {
  return (request) => {
    const response = client.send(request);
    if (!telemetry.isHeard) return response;
    return timed(response, (seconds, error) =>
      telemetry.record('subgraphRequestDuration', seconds, {
        'subgraph.name': subgraph,
        // whoever leaves, or takes no more time, says nothing of the subgraph
        outcome: request.cancellation.isCancelled ? 'cancelled' : outcomeOf(error, 'answered'),
      }),
    );
  };
}
