import { GraphQLError } from 'graphql';

/** What a client can do about it decides the code; the message says what was expected and what came. */
export type SubgraphErrorCode =
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'SERVICE_UNAVAILABLE';

/** An error that a client is meant to read. Everything else is answered as `INTERNAL_SERVER_ERROR` and logged. */
export class SubgraphError extends GraphQLError {
  override readonly name = 'SubgraphError';

  constructor(code: SubgraphErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message, { extensions: { ...details, code } });
  }
}
