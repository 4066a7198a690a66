import { GraphQLError } from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Execution } from './execution.ts';
import { failedStatusError, malformed } from './subgraph/failures.ts';
import { subgraphError } from './subgraph/subgraphError.ts';
import type { SubgraphResponse, SubgraphResponseError } from './subgraph/subgraphRequest.ts';

export type ResponsePath = readonly (string | number)[];

interface Fetched {
  readonly execution: Execution;
  readonly subgraph: string;
  /** Paths in the client's response of what the whole fetch was for: the fields or lists that lack something without it. */
  readonly places: () => readonly ResponsePath[];
}

/** A fetch that got no usable answer is one error at each field or list that it was for, however many objects that has. */
export function addFetchError(thrown: unknown, { execution, subgraph, places }: Fetched): void {
  // `JSON.parse` reads deeper values than a recursion can walk; one subgraph's value must not end the whole request
  const error =
    thrown instanceof RangeError ? malformed(subgraph, 'a value is nested too deeply', thrown) : thrown;
  if (!(error instanceof GatewayError)) throw error;
  const paths = places();
  for (const path of paths.length === 0 ? [undefined] : paths) {
    execution.errors.push(
      new GatewayError(error.code, {
        message: error.message,
        // a subgraph ends no request
        status: null,
        subgraph,
        path,
        extensions: error.extensions,
        cause: error.cause,
      }),
    );
  }
}

/** One fetch's errors are no more than this and one that counts what is left out: a hundred, as of a whole answer. */
export const MAX_REPORTED_ERRORS = 99;

/** Counts the errors of a subgraph that are not told. */
export function leftOutError(count: number, subgraph: string): GraphQLError {
  return new GraphQLError(`${count} more errors of '${subgraph}' are left out.`, {
    extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: subgraph, count },
  });
}

/**
 * The errors that a subgraph reported, each at every place of the client's response that it is about.
 *
 * @param pathsOf those places; none or `undefined` when the error names none that is known
 * @returns whether all are told; if not, nulls of this fetch may have no error of their own
 */
export function addReportedErrors(
  { data, errors = [], failedStatus }: SubgraphResponse,
  fetched: Fetched & {
    readonly pathsOf: (error: SubgraphResponseError) => readonly ResponsePath[] | undefined;
  },
): boolean {
  const { execution, subgraph, pathsOf } = fetched;
  let places: readonly ResponsePath[] | undefined;
  const ofTheFetch = (): readonly (ResponsePath | undefined)[] => {
    places ??= fetched.places();
    // with data, it is told once: which of the places it is about is not known
    return places.length === 0 ? [undefined] : data ? places.slice(0, 1) : places;
  };
  const told: GraphQLError[] = [];
  let leftOut = 0;
  for (const reported of errors) {
    if (told.length >= MAX_REPORTED_ERRORS) {
      leftOut += 1;
      continue;
    }
    const error = subgraphError(reported, subgraph);
    const known = pathsOf(reported) ?? [];
    // an error is never lost: one that names a place that is not there stands at those of the fetch
    const paths = known.length === 0 ? ofTheFetch() : known;
    const shown = paths.slice(0, MAX_REPORTED_ERRORS - told.length);
    leftOut += paths.length - shown.length;
    for (const path of shown) {
      told.push(
        new GraphQLError(error.message, {
          path: path === undefined || path.length === 0 ? undefined : path,
          extensions: error.extensions,
        }),
      );
    }
  }
  for (const error of told) execution.errors.push(error);
  if (leftOut > 0) execution.errors.push(leftOutError(leftOut, subgraph));
  if (failedStatus !== undefined) {
    addFetchError(failedStatusError(subgraph, failedStatus), fetched);
  }
  return leftOut === 0;
}
