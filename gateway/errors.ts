import { GraphQLError, type GraphQLErrorOptions } from 'graphql';

/** One row of the error table: what a code means, and what a client may learn of it. */
export interface ErrorKind {
  /** One sentence for the table in `gateway/README.md` (a test compares the two). */
  readonly summary: string;
  /** HTTP status of the whole answer when the request ends with this error; `null` = the answer stays a 200. */
  readonly status: number | null;
  /** Whether a client may read the message; if not it reads the summary. Logs always have the message. */
  readonly clientMayRead: boolean;
}

const kind = (status: number | null, clientMayRead: boolean, summary: string): ErrorKind =>
  Object.freeze({ summary, status, clientMayRead });

/** Every code that Tributary gives of its own. A code is API: it never changes its meaning. */
export const errorKinds = Object.freeze({
  // the command and its files: they end a command or refuse a reload, and never reach a client
  SETTINGS_INVALID: kind(null, false, 'gateway.yaml or an environment variable is not valid.'),
  SUPERGRAPH_CONFIG_INVALID: kind(null, false, 'supergraph.yaml is not valid.'),
  SUPERGRAPH_INVALID: kind(null, false, 'The composed supergraph cannot be served.'),
  PERMISSIONS_INVALID: kind(
    null,
    false,
    'The module of `permissions` cannot be used, or its rules do not fit the supergraph.',
  ),
  COMPOSITION_FAILED: kind(null, false, 'The subgraph schemas do not compose.'),
  SUBGRAPH_SCHEMA_UNAVAILABLE: kind(null, false, "A subgraph's schema could not be read."),
  PORT_TAKEN: kind(null, false, 'Another process listens on the port.'),
  OPERATION_INVALID: kind(null, false, 'The operation given to a command is not valid.'),
  KEY_COMMAND_INVALID: kind(null, false, 'What `tributary keys` was told cannot be done.'),
  // a request that ends before it is executed
  BAD_REQUEST: kind(400, true, 'The request is not a well-formed GraphQL request.'),
  BATCHING_NOT_ENABLED: kind(400, true, 'Operation batching is not enabled.'),
  BATCH_LIMIT_EXCEEDED: kind(400, true, 'The batch has more operations than `batching.maximum_size`.'),
  AUTH_ERROR: kind(400, true, 'The credentials are not of the form that is expected.'),
  UNAUTHENTICATED: kind(
    401,
    true,
    'The credentials are not valid, or there are none where some are required.',
  ),
  AUTHENTICATION_UNAVAILABLE: kind(503, true, 'Credentials cannot be checked now.'),
  METHOD_NOT_ALLOWED: kind(405, true, 'The method is not one that the path answers.'),
  INVALID_ACCEPT_HEADER: kind(406, true, 'None of the accepted content types can be served.'),
  INVALID_CONTENT_TYPE_HEADER: kind(415, true, 'The content type, charset or encoding is not supported.'),
  REQUEST_TOO_LARGE: kind(413, true, 'The body is larger than `limits.max_body_bytes`.'),
  REQUEST_TIMEOUT: kind(408, true, 'The request did not arrive completely in time.'),
  REQUEST_HEADERS_TOO_LARGE: kind(431, true, 'The headers are larger than `limits.max_header_bytes`.'),
  NOT_FOUND: kind(404, true, 'Nothing is served at the path.'),
  OPERATION_RESOLUTION_FAILURE: kind(
    400,
    true,
    'The document has no operation of that name, or several and no name was given.',
  ),
  SUBSCRIPTION_NOT_SUPPORTED: kind(400, true, 'Subscriptions are not served over this transport.'),
  OPERATION_NOT_SUPPORTED: kind(400, true, 'The operation uses a feature that is not served.'),
  OPERATION_TOO_COMPLEX: kind(
    400,
    true,
    'The operation is too complex to be planned in time, or its fragments expand to too many selections.',
  ),
  MAX_SUBGRAPH_FETCHES_LIMIT: kind(400, true, 'The operation needs too many requests to subgraphs.'),
  TOKEN_LIMIT_EXCEEDED: kind(400, true, 'The document has more tokens than `limits.max_tokens`.'),
  MAX_RECURSION_LIMIT: kind(400, true, 'The document nests deeper than `limits.max_recursion`.'),
  MAX_DEPTH_LIMIT: kind(400, true, 'The operation is deeper than `limits.max_depth`.'),
  MAX_HEIGHT_LIMIT: kind(400, true, 'The operation has more fields than `limits.max_height`.'),
  MAX_ALIASES_LIMIT: kind(400, true, 'The operation has more aliases than `limits.max_aliases`.'),
  MAX_ROOT_FIELDS_LIMIT: kind(400, true, 'The operation has more root fields than `limits.max_root_fields`.'),
  MAX_DIRECTIVES_LIMIT: kind(400, true, 'The operation has more directives than `limits.max_directives`.'),
  MAX_VARIABLES_DEPTH_LIMIT: kind(400, true, 'The variables nest deeper than `limits.max_variables_depth`.'),
  PERSISTED_QUERY_NOT_IN_LIST: kind(404, true, 'No operation of the persisted query list has the id.'),
  QUERY_NOT_IN_SAFELIST: kind(403, true, 'The operation body was not found in the persisted query safelist'),
  PERSISTED_QUERY_ID_REQUIRED: kind(400, true, 'Only ids of persisted queries are served, and no documents.'),
  CANNOT_SEND_PQ_ID_AND_BODY: kind(
    400,
    true,
    'The request has both an id of a persisted query and a document.',
  ),
  COST_QUERY_PARSE_FAILURE: kind(
    400,
    true,
    'The cost of the operation cannot be estimated from its arguments.',
  ),
  COST_ESTIMATED_TOO_EXPENSIVE: kind(400, true, 'The operation may cost more than `demand_control.max`.'),
  SUBGRAPH_COST_ESTIMATED_TOO_EXPENSIVE: kind(
    null,
    true,
    'What the operation asks of a subgraph may cost more than `demand_control.subgraphs` allow.',
  ),
  RATE_LIMIT_EXCEEDED: kind(429, true, 'A budget of `rate_limit` has too few points left for the operation.'),
  RATE_LIMITER_UNAVAILABLE: kind(503, true, 'Budgets cannot be read now.'),
  REQUEST_CONCURRENCY_LIMITED: kind(
    503,
    true,
    'The gateway is overloaded; with `service`, in a 200: too many requests to that subgraph are in flight.',
  ),
  SUPERGRAPH_NOT_READY: kind(503, true, 'The gateway has no supergraph yet.'),
  // what the principal may not ask: the answer stays a 200 with the rest, or is refused whole by the settings
  UNAUTHORIZED_FIELD_OR_TYPE: kind(null, true, 'The principal may not see the field.'),
  // a subgraph that fails: the answer stays a 200 with the data of the others
  SUBREQUEST_HTTP_ERROR: kind(null, true, 'A subgraph could not be reached, or answered with an HTTP error.'),
  SUBREQUEST_MALFORMED_RESPONSE: kind(
    null,
    true,
    'A subgraph answered with something other than a GraphQL response.',
  ),
  GATEWAY_TIMEOUT: kind(
    null,
    true,
    'A subgraph did not answer in time; as a 504: the request was not answered within `traffic_shaping.inbound.timeout_ms`.',
  ),
  SUBGRAPH_CIRCUIT_BREAKER_REJECTED: kind(
    null,
    true,
    'A subgraph is not asked for a while: its circuit breaker is open, after too many failures.',
  ),
  DOWNSTREAM_SERVICE_ERROR: kind(null, true, 'A subgraph reported an error that is not shown to clients.'),
  TOO_MANY_ERRORS: kind(
    null,
    true,
    'The answer has more errors than `limits.max_errors`; the rest are left out.',
  ),
  INTERNAL_SERVER_ERROR: kind(500, false, 'Internal server error'),
});

export type ErrorCode = keyof typeof errorKinds;

export interface GatewayErrorDetails {
  /** What was expected, what came, and what to do. Defaults to the summary of the code. */
  readonly message?: string;
  /** Status of the answer, where that is not the one of the code; `null` = the request does not end with it. */
  readonly status?: number | null;
  /** Name of the subgraph at fault; reaches the client as `extensions.service`. */
  readonly subgraph?: string;
  readonly path?: GraphQLErrorOptions['path'];
  /** Further extensions, plain JSON. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Headers of the answer, where the whole request ends; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * The one error of the gateway: a code of `errorKinds`, a message, and the details a client or a log needs.
 *
 * `extensions.http.status` is set only for codes that end a whole request, which is how Apollo Server reads a status.
 */
export class GatewayError extends GraphQLError {
  readonly code: ErrorCode;
  /** Status of the answer that this error ends; `null` = it ends none. */
  readonly status: number | null;
  readonly subgraph: string | undefined;
  /** Headers of the answer that this error ends; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, details: GatewayErrorDetails = {}) {
    const status = details.status === undefined ? errorKinds[code].status : details.status;
    super(details.message ?? errorKinds[code].summary, {
      path: details.path,
      originalError: details.cause instanceof Error ? details.cause : undefined,
      extensions: {
        ...details.extensions,
        code,
        ...(details.subgraph === undefined ? {} : { service: details.subgraph }),
        ...(status === null ? {} : { http: httpOf(status, details.headers) }),
      },
    });
    this.name = 'GatewayError';
    this.code = code;
    this.status = status;
    this.subgraph = details.subgraph;
    this.headers = details.headers ?? {};
    if (details.cause !== undefined) this.cause = details.cause;
  }
}

/** What Apollo Server reads of an error: a status, and headers in a map. */
function httpOf(
  status: number,
  headers: GatewayErrorDetails['headers'],
): { status: number; headers?: ReadonlyMap<string, string> } {
  return headers === undefined ? { status } : { status, headers: new Map(Object.entries(headers)) };
}

/** How work ended, for telemetry: the code of its error, or the given word when there is none. */
export function outcomeOf(error: unknown, success: string): string {
  if (error === undefined) return success;
  return error instanceof GatewayError ? error.code : 'INTERNAL_SERVER_ERROR';
}
