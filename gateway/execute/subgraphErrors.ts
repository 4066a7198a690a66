import { GraphQLError } from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Execution } from './execution.ts';
import type { SubgraphResponse, SubgraphResponseError } from './subgraph/subgraphClient.ts';
import { subgraphError } from './subgraph/subgraphError.ts';

export type ResponsePath = readonly (string | number)[];

interface Fetched {
  readonly execution: Execution;
  readonly subgraph: string;
  /** Path in the client's response for an error of the whole fetch. */
  readonly place: () => ResponsePath;
}

/** A fetch that got no usable answer is one error, however many objects it was for. */
export function addFetchError(thrown: unknown, { execution, subgraph, place }: Fetched): void {
  const error = thrown instanceof RangeError ? nestedTooDeeply(thrown, subgraph) : thrown;
  if (!(error instanceof GatewayError)) throw error;
  const path = place();
  execution.errors.push(
    new GatewayError(error.code, {
      message: error.message,
      subgraph,
      path: path.length === 0 ? undefined : path,
      extensions: error.extensions,
      cause: error.cause,
    }),
  );
}

/** `JSON.parse` reads deeper values than a recursion can walk; one subgraph's value must not end the whole request. */
function nestedTooDeeply(cause: RangeError, subgraph: string): GatewayError {
  const reason = 'a value is nested too deeply';
  return new GatewayError('SUBREQUEST_MALFORMED_RESPONSE', {
    message: `Malformed response from '${subgraph}': ${reason}`,
    subgraph,
    extensions: { reason },
    cause,
  });
}

/**
 * The errors that a subgraph reported, each at every place of the client's response that it is about.
 *
 * @param pathsOf those places; none or `undefined` when the error names none that is known
 */
export function addReportedErrors(
  { errors = [], failedStatus }: SubgraphResponse,
  fetched: Fetched & {
    readonly pathsOf: (error: SubgraphResponseError) => readonly ResponsePath[] | undefined;
  },
): void {
  const { execution, subgraph, place, pathsOf } = fetched;
  for (const reported of errors) {
    const error = subgraphError(reported, subgraph);
    const paths = pathsOf(reported) ?? [];
    // an error is never lost: one that names a place that is not there stands at the place of the fetch
    for (const path of paths.length === 0 ? [place()] : paths) {
      execution.errors.push(
        new GraphQLError(error.message, {
          path: path.length === 0 ? undefined : path,
          extensions: error.extensions,
        }),
      );
    }
  }
  if (failedStatus === undefined) return;
  const reason = `HTTP status ${failedStatus}`;
  const failure = new GatewayError('SUBREQUEST_HTTP_ERROR', {
    message: `HTTP fetch failed from '${subgraph}': ${reason}`,
    subgraph,
    extensions: { reason, subrequestStatus: failedStatus },
  });
  addFetchError(failure, fetched);
}
