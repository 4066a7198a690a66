import type { ClientRequest } from '../../gateway/http/clientRequest.ts';
import { anonymous } from '../../gateway/http/principal.ts';
import { Cancellation } from '../../gateway/runtime/cancellation.ts';

/** A client's request with nothing in it, but for what a test names. */
export function clientRequestOf(named: Partial<ClientRequest> = {}): ClientRequest {
  return {
    headers: {},
    extensions: undefined,
    principal: anonymous,
    address: '127.0.0.1',
    requestId: 'request-1',
    leaving: new Cancellation(),
    ...named,
  };
}
