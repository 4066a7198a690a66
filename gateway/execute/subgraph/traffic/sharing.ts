import { InFlight } from '../../../runtime/inFlight.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';
import type { Policy } from './subgraphCall.ts';

/**
 * Sends a query once for all who ask the same while it is in flight: the same body, and the same headers as they are sent.
 * Headers of the gateway's own, such as the deadline, are not among them.
 */
export function sharing(): Policy {
  const inFlight = new InFlight<ReceivedAnswer>();
  return (next) => (call) =>
    call.isShareable
      ? inFlight.run(`${JSON.stringify(call.headers)}${call.body}`, call.cancellation, ({ cancellation }) =>
          next({ ...call, cancellation }),
        )
      : next(call);
}
