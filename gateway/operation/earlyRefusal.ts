import type { GraphQLRequest } from '@apollo/server';
import type { GatewayError } from '../errors.ts';

/** What a request's context holds of a refusal that Apollo Server is yet to speak. */
export interface Refusable {
  refusal?: GatewayError;
}

/**
 * Refuses a request before its document is parsed. Apollo Server can be told so only after it has parsed and validated
 * (an exception in an earlier hook is a fault to it, a 500), so it gets a document that costs nothing in place of
 * the refused one, and hears of the refusal in `didResolveOperation`.
 */
export function refuseEarly(request: GraphQLRequest, context: Refusable, refusal: GatewayError): void {
  context.refusal = refusal;
  request.query = '{ __typename }';
  // the hash of the refused document does not fit the one in its place, and neither do its names and variables
  delete request.extensions;
  delete request.operationName;
  delete request.variables;
}
