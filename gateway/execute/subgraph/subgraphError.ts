import { GraphQLError } from 'graphql';
import type { SubgraphResponseError } from './subgraphRequest.ts';

/** A message is cut beyond this many characters. */
const MAX_MESSAGE_LENGTH = 1_000;
/** Extensions that are longer as JSON are left out: an error may stand at many places, each with all of them. */
const MAX_EXTENSIONS_LENGTH = 10_000;

/**
 * An error that a subgraph reported, made safe to carry inward: `extensions.http` would choose the status and headers of
 * the gateway's own answer, and a stack trace is nobody's business outside the subgraph.
 */
export function subgraphError(reported: SubgraphResponseError, subgraph: string): GraphQLError {
  const { http: _http, stacktrace: _stacktrace, exception: _exception, ...kept } = reported.extensions ?? {};
  const { message } = reported;
  return new GraphQLError(
    message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…` : message,
    {
      path: reported.path,
      extensions: {
        code: 'DOWNSTREAM_SERVICE_ERROR',
        ...(isShort(kept) ? kept : {}),
        service: subgraph,
      },
    },
  );
}

function isShort(extensions: Readonly<Record<string, unknown>>): boolean {
  try {
    return JSON.stringify(extensions).length <= MAX_EXTENSIONS_LENGTH;
  } catch {
    // nested more deeply than a recursion can walk
    return false;
  }
}
