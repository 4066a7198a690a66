import { type ExecutionResult, GraphQLError } from 'graphql';

/**
 * What `/graphql` answers for errors, for transports that have no Apollo Server around them: one that was not written
 * for clients says nothing to them.
 */
export function maskResult<Result extends Pick<ExecutionResult, 'errors'>>(
  result: Result,
  onUnexpected: (error: unknown) => void,
): Result {
  if (result.errors === undefined) return result;
  const errors = result.errors.map((error) => {
    const { originalError } = error;
    if (originalError === undefined || originalError === null || originalError instanceof GraphQLError)
      return error;
    onUnexpected(originalError);
    const { nodes, path } = error;
    return new GraphQLError('Internal server error', {
      ...(nodes ? { nodes } : {}),
      ...(path ? { path } : {}),
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });
  return { ...result, errors };
}
