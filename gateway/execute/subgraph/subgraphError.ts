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
  const { message, path, extensions = {} } = reported;
  return new GraphQLError(
    message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…` : message,
    {
      path,
      extensions: {
        code: 'DOWNSTREAM_SERVICE_ERROR',
        ...safeExtensions(extensions),
        service: subgraph,
      },
    },
  );
}

function safeExtensions(reported: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { http: _http, exception: _exception, ...kept } = reported;
  let hasTrace = false;
  const withoutTraces = (key: string, value: unknown): unknown => {
    if (key !== 'stacktrace' && !(key === 'stack' && isStack(value))) return value;
    hasTrace = true;
    return undefined;
  };
  try {
    const text = JSON.stringify(kept, withoutTraces);
    if (text.length > MAX_EXTENSIONS_LENGTH) return {};
    return hasTrace ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : kept;
  } catch {
    // nested more deeply than a recursion can walk
    return {};
  }
}

/** `Error.stack` of JavaScript, wherever a framework puts it; another thing may be called so too. */
function isStack(value: unknown): boolean {
  return typeof value === 'string' && /\n\s+at /.test(value);
}
