import { InFlight } from '../../../runtime/inFlight.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';
import type { Policy } from './subgraphCall.ts';

/** Bodies that differ do so at their end, where the variables are, or in their length; if not, they are compared. */
const TAIL = 64;

/**
 * Sends a query once for all who ask the same while it is in flight: the same body, and the same headers as they are sent.
 * Headers of the gateway's own, such as the deadline, are not among them.
 */
export function sharing(): Policy {
  const inFlight = new InFlight<ReceivedAnswer>();
  return (next) => (call) => {
    const { body, headers, isShareable, cancellation: leaving } = call;
    if (!isShareable) return next(call);
    const key = `${body.length} ${body.slice(-TAIL)} ${JSON.stringify(headers)}`;
    return inFlight.run(key, leaving, ({ cancellation }) => next({ ...call, cancellation }), body);
  };
}
