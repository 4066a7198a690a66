import type { IncomingMessage } from 'node:http';
import type { HTTPGraphQLRequest } from '@apollo/server';
import { InFlight } from '../runtime/inFlight.ts';
import type { ClientRequest } from './clientRequest.ts';
import type { GraphQLAnswer } from './graphqlAnswer.ts';

/** One request for GraphQL as it arrived. */
export interface ArrivedRequest {
  readonly raw: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>;
  /** The body as it came; `undefined` without one. */
  readonly bytes: Buffer | undefined;
  /** The JSON of the body. */
  readonly body: unknown;
  readonly client: ClientRequest;
  /** Made when it is needed: who shares an answer needs none. */
  readonly graphqlRequest: () => HTTPGraphQLRequest;
}

export type HandleGraphQL = (request: HTTPGraphQLRequest, client: ClientRequest) => Promise<GraphQLAnswer>;

/**
 * Answers requests that are equal in everything, while one of them is being answered, with that answer: method, URL, every
 * header (credentials are headers), the client's address and the body. Nothing is kept afterwards.
 *
 * Mutations and subscriptions are never shared. A document that has one has the keyword in its text, where nothing can
 * disguise it (GraphQL specification, §2.1.9 "Names": a name is letters, digits and `_`); a document that has the word for
 * something else is not shared either. What names its document by a hash is shared over GET alone, which no mutation passes.
 */
export function shareEqualRequests(
  handle: HandleGraphQL,
): (request: ArrivedRequest) => Promise<GraphQLAnswer> {
  const inFlight = new InFlight<GraphQLAnswer>();
  return async (request) => {
    const { client, graphqlRequest } = request;
    if (!isShareable(request)) return handle(graphqlRequest(), client);
    let isOwn = false;
    const response = await inFlight.run(keyOf(request), client.leaving, (shared) => {
      isOwn = true;
      return handle(graphqlRequest(), { ...client, leaving: shared.cancellation });
    });
    return isOwn || maySeveralGet(response) ? response : handle(graphqlRequest(), client);
  };
}

/** What is sent in parts can be read once, and a cookie is for one client: two that get one would share a session. */
function maySeveralGet({ body, forwarded }: GraphQLAnswer): boolean {
  return body.kind === 'complete' && forwarded?.has('set-cookie') !== true;
}

function isShareable({ raw, body }: ArrivedRequest): boolean {
  if (raw.method === 'GET') return true;
  const requests: readonly unknown[] = Array.isArray(body) ? body : [body];
  return requests.every((one) => {
    const query = (one as { query?: unknown } | null | undefined)?.query;
    return typeof query === 'string' && !/mutation|subscription/.test(query);
  });
}

function keyOf({ raw, bytes, client }: ArrivedRequest): string {
  const head = `${raw.method} ${raw.url} ${client.address}\n${raw.rawHeaders.join('\n')}\n\n`;
  // one character a byte: nothing is decoded, and nothing that differs becomes the same
  return bytes === undefined ? head : head + bytes.toString('latin1');
}
