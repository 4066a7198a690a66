import { GatewayError } from '../errors.ts';
import type { Cancellation } from '../runtime/cancellation.ts';

/**
 * Answers a request, or ends it at its deadline: whatever it waits for is then cancelled, as if its client had gone. The deadline
 * of each subgraph alone does not bound an operation that asks one after another.
 *
 * @throws GatewayError GATEWAY_TIMEOUT, which answers the request with a 504
 */
export function withinDeadline<Answer>(
  timeoutMs: number,
  leaving: Cancellation,
  answer: () => Promise<Answer>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `The request was not answered within ${timeoutMs} ms.`;
      reject(new GatewayError('GATEWAY_TIMEOUT', { message, status: 504 }));
      leaving.cancel();
    }, timeoutMs);
    answer()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
