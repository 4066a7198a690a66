import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { errorKinds, GatewayError } from '../errors.ts';

export interface ErrorExposure {
  /** Whether clients see what a subgraph reported; otherwise they read `Subgraph errors redacted`. */
  readonly exposesSubgraphErrors: (subgraph: string) => boolean;
}

export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/** Source: Apollo Router, `include_subgraph_errors`. */
const REDACTED = 'Subgraph errors redacted';

/**
 * The last word on what a client learns of an error.
 *
 * - an error that is neither GraphQL's nor the gateway's own is a fault here: clients read the bare summary
 * - errors of subgraphs are shown or redacted by `include_subgraph_errors`
 */
export function formatErrorsBy({ exposesSubgraphErrors }: ErrorExposure): FormatError {
  return (formatted, error) => {
    const gatewayError = gatewayErrorOf(error);
    if (gatewayError === undefined && isFault(error)) return fault();
    if (gatewayError !== undefined && !errorKinds[gatewayError.code].clientMayRead) return fault();

    const { service, subrequestStatus, ...extensions } = formatted.extensions ?? {};
    if (typeof service !== 'string') return formatted;
    const place = formatted.path === undefined ? {} : { path: formatted.path };
    if (!exposesSubgraphErrors(service)) {
      const code = gatewayError?.code ?? 'DOWNSTREAM_SERVICE_ERROR';
      return { message: REDACTED, ...place, extensions: { code } };
    }
    const http = typeof subrequestStatus === 'number' ? { http: { status: subrequestStatus } } : {};
    return { message: formatted.message, ...place, extensions: { ...extensions, service, ...http } };
  };
}

/** The error itself, or what an engine wrapped to give it a path. */
export function gatewayErrorOf(error: unknown): GatewayError | undefined {
  if (error instanceof GatewayError) return error;
  return error instanceof GraphQLError ? gatewayErrorOf(error.originalError) : undefined;
}

/** An exception that nobody foresaw, whether bare or wrapped by graphql-js on its way. */
export function isFault(error: unknown): boolean {
  if (!(error instanceof GraphQLError)) return true;
  const { originalError } = error;
  return originalError !== undefined && isFault(originalError) && error.extensions.code === undefined;
}

function fault(): GraphQLFormattedError {
  return {
    message: errorKinds.INTERNAL_SERVER_ERROR.summary,
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  };
}
