import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type ErrorCode, errorKinds, GatewayError } from '../errors.ts';
import type { ErrorExposure } from './errorExposure.ts';

export interface FormatOptions {
  /** What clients learn of the errors of a subgraph. */
  readonly exposureOf: (subgraph: string) => ErrorExposure;
}

export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/** Source: Apollo Router, `include_subgraph_errors`. */
const REDACTED = 'Subgraph errors redacted';

/** Apollo Server calls every refusal of its own BAD_REQUEST; the status tells them apart. */
const CODES_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  405: 'METHOD_NOT_ALLOWED',
  406: 'INVALID_ACCEPT_HEADER',
  415: 'INVALID_CONTENT_TYPE_HEADER',
};

/** Refusals that Apollo Server gives no code (`requestPipeline.ts`), by message. The codes are Apollo Router's. */
const CODES_BY_MESSAGE: Readonly<Record<string, string>> = {
  'provided sha does not match query': 'PERSISTED_QUERY_HASH_MISMATCH',
  'Unsupported persisted query version': 'BAD_REQUEST',
};

/**
 * The last word on what a client learns of an error.
 *
 * - an error that is neither GraphQL's nor the gateway's own is a fault here: clients read the bare summary
 * - refusals of Apollo Server get the code of the gateway's own table
 * - errors of subgraphs are shown or redacted by `include_subgraph_errors`
 */
export function formatErrorsBy({ exposureOf }: FormatOptions): FormatError {
  return (whole, error) => {
    const formatted = withinBounds(whole);
    const gatewayError = gatewayErrorOf(error);
    if (gatewayError === undefined && isFault(error)) return fault();
    if (gatewayError !== undefined && !errorKinds[gatewayError.code].clientMayRead) return fault();

    const { service, subrequestStatus, ...extensions } = formatted.extensions ?? {};
    if (typeof service !== 'string') return withOwnCode(formatted, error);
    const exposure = exposureOf(service);
    // the code of a subgraph is an extension like its others; one of the gateway says what became of the request to it
    const code = gatewayError?.code ?? 'DOWNSTREAM_SERVICE_ERROR';
    return {
      message: exposure.redactsMessage ? REDACTED : formatted.message,
      ...(formatted.path === undefined ? {} : { path: formatted.path }),
      extensions: exposure.isShown
        ? { code, ...shownExtensions(exposure, { ...extensions, service, ...httpOf(subrequestStatus) }) }
        : { code },
    };
  };
}

function httpOf(status: unknown): { readonly http?: { readonly status: number } } {
  return typeof status === 'number' ? { http: { status } } : {};
}

function shownExtensions(
  { showsExtension }: ErrorExposure,
  extensions: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(extensions).filter(([key]) => showsExtension(key)));
}

const MAX_MESSAGE_CHARACTERS = 1000;
const MAX_LOCATIONS = 20;

/**
 * A message may quote what the client sent, and a field that conflicts with a thousand others has a thousand locations:
 * neither is answered at its length.
 */
function withinBounds(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const { message, locations } = formatted;
  const isLong = message.length > MAX_MESSAGE_CHARACTERS;
  const isWide = locations !== undefined && locations.length > MAX_LOCATIONS;
  if (!isLong && !isWide) return formatted;
  return {
    ...formatted,
    message: isLong ? `${message.slice(0, MAX_MESSAGE_CHARACTERS)}…` : message,
    ...(isWide ? { locations: locations.slice(0, MAX_LOCATIONS) } : {}),
  };
}

function withOwnCode(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { code, validationErrorCode } = formatted.extensions ?? {};
  if (validationErrorCode === 'INTROSPECTION_DISABLED') {
    // its own words tell how to set up Apollo Server
    return { ...formatted, message: 'Introspection is off: `__schema` and `__type` are not answered.' };
  }
  const { status } = (error instanceof GraphQLError ? (error.extensions.http ?? {}) : {}) as {
    status?: number;
  };
  const ownCode =
    code === 'BAD_REQUEST' && status !== undefined
      ? CODES_BY_STATUS[status]
      : code === 'INTERNAL_SERVER_ERROR' && Object.hasOwn(CODES_BY_MESSAGE, formatted.message)
        ? CODES_BY_MESSAGE[formatted.message]
        : undefined;
  return ownCode === undefined
    ? formatted
    : { ...formatted, extensions: { ...formatted.extensions, code: ownCode } };
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
