import { isAscii, isUtf8 } from 'node:buffer';
import { buildConnector, Client, errors, Pool } from 'undici';
import { GatewayError } from '../../errors.ts';
import type { Cancellation } from '../../runtime/cancellation.ts';
import { InFlight } from '../../runtime/inFlight.ts';
import {
  type ExchangeAnswer,
  ExchangeEnded,
  type ExchangeLimits,
  type ExchangeRequest,
  exchange,
} from './exchange.ts';

export interface SubgraphClientOptions {
  readonly subgraph: string;
  /** Where operations are sent: `http://127.0.0.1:4001/graphql`. */
  readonly url: string;
  /** Time for one request in all: connecting, headers and the whole body. */
  readonly timeoutMs: number;
  /** A larger answer is refused and its connection closed. */
  readonly maxResponseBytes: number;
  readonly maxConnections: number;
}

export interface SubgraphRequest {
  /** The JSON body: `{"query":…,"variables":…}`. */
  readonly body: string;
  /** Names in lower case; see `headerRules.ts`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Cancelled when nobody waits for the answer any more. */
  readonly cancellation: Cancellation;
  /** Whether the answer to an equal request that is in flight will do: the same body and headers. Never in a mutation. */
  readonly isShareable: boolean;
  /** Whether it may be sent again when nobody knows if it was read: a query, and never a mutation. */
  readonly isRepeatable: boolean;
  /** What is left of the time for it, where some of that is gone; the time of the client's options otherwise. */
  readonly timeoutMs?: number;
}

/** A well-formed GraphQL response: at least one of `data` and `errors`. */
export interface SubgraphResponse {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly SubgraphResponseError[];
  /** HTTP status, when it was not a success. */
  readonly failedStatus?: number;
}

export interface SubgraphResponseError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/**
 * The connections to one subgraph. Redirects are not followed (a subgraph's answer must not choose where the gateway
 * connects), and a total deadline bounds the request: undici's own timers start anew with every byte.
 */
export class SubgraphClient {
  readonly #origin: string;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #options: SubgraphClientOptions;
  readonly #inFlight = new InFlight<ExchangeAnswer>();
  /** Errors of connections that had been in use before. */
  readonly #lateErrors = new WeakSet<Error>();

  constructor(options: SubgraphClientOptions) {
    const { origin, pathname, search } = new URL(options.url);
    this.#options = options;
    this.#origin = origin;
    this.#path = pathname + search;
    this.#pool = new Pool(origin, {
      ...NO_TIMEOUTS,
      connections: options.maxConnections,
      connect: this.#connector(buildConnector({ timeout: options.timeoutMs })),
    });
  }

  /**
   * Sends one operation.
   *
   * @throws GatewayError SUBREQUEST_HTTP_ERROR (no connection, or an HTTP error without a GraphQL body),
   *   SUBREQUEST_MALFORMED_RESPONSE (anything that is not a GraphQL response), GATEWAY_TIMEOUT. Messages name the
   *   subgraph and the reason, never an address.
   */
  async send(request: SubgraphRequest): Promise<SubgraphResponse> {
    const { maxResponseBytes } = this.#options;
    const { body, headers, cancellation } = request;
    try {
      // each reads the bytes for itself: data is merged in place, and belongs to one execution
      const answer = request.isShareable
        ? await this.#inFlight.run(`${JSON.stringify(headers)}${body}`, cancellation, (shared) =>
            this.#exchange(request, shared.cancellation),
          )
        : await this.#exchange(request, cancellation);
      return this.#read(answer);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      if (!(error instanceof ExchangeEnded)) {
        throw isTimeout(error) ? this.#timedOut(error) : this.#httpError(wordsFor(error), { cause: error });
      }
      switch (error.reason) {
        case 'deadline':
          throw this.#timedOut(error);
        case 'tooLarge':
          throw this.#malformed(`the answer is larger than ${maxResponseBytes} bytes`, error);
        case 'clientGone':
          throw this.#httpError('the client went away', { cause: error });
        default:
          throw error.reason satisfies never;
      }
    }
  }

  #exchange(
    { headers, body, isRepeatable, timeoutMs = this.#options.timeoutMs }: SubgraphRequest,
    cancellation: Cancellation,
  ): Promise<ExchangeAnswer> {
    const request: ExchangeRequest = {
      path: this.#path,
      headers: {
        ...headers,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
      },
      body,
    };
    const limits: ExchangeLimits = { timeoutMs, maxBytes: this.#options.maxResponseBytes, cancellation };
    if (!isRepeatable) return exchange(this.#pool, request, limits);
    const startedAt = performance.now();
    return exchange(this.#pool, request, {
      ...limits,
      onUnanswered: (error) => {
        const leftMs = timeoutMs - (performance.now() - startedAt);
        return leftMs > 0 && this.#wasInUse(error)
          ? this.#exchangeAfresh(request, { ...limits, timeoutMs: leftMs })
          : undefined;
      },
    });
  }

  /** Once more, on a connection of its own: others of the pool may have been closed at the same time. */
  async #exchangeAfresh(request: ExchangeRequest, limits: ExchangeLimits): Promise<ExchangeAnswer> {
    const client = new Client(this.#origin, {
      ...NO_TIMEOUTS,
      connect: { timeout: this.#options.timeoutMs },
    });
    try {
      return await exchange(client, request, limits);
    } finally {
      void client.close();
    }
  }

  /**
   * Whether an error is that of a connection in use before: a server may close an idle one just when a request is on its way,
   * and has then not read it.
   * Source: RFC 9112, §9.3.1 "Retrying Requests"
   */
  #wasInUse(error: Error): boolean {
    return error instanceof errors.SocketError
      ? (error.socket?.bytesRead ?? 0) > 0
      : this.#lateErrors.has(error);
  }

  /** Notes the errors of connections in use: those of the system come from undici without their socket. */
  #connector(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) =>
      connect(options, (...result) => {
        const [, socket] = result;
        socket?.prependListener('error', (error) => {
          if (socket.bytesRead > 0) this.#lateErrors.add(error);
        });
        callback(...result);
      });
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  #read({ statusCode, headers, chunks }: ExchangeAnswer): SubgraphResponse {
    const isSuccess = statusCode >= 200 && statusCode < 300;
    const answer =
      isJson(headers['content-type']) && headers['content-encoding'] === undefined
        ? parseJson(textOf(chunks))
        : undefined;
    const response = answer === undefined ? undefined : asGraphQLResponse(answer);
    if (response !== undefined) return isSuccess ? response : { ...response, failedStatus: statusCode };
    if (!isSuccess) throw this.#httpError(`HTTP status ${statusCode}`, { status: statusCode });
    throw this.#malformed(
      answer === undefined
        ? 'the body is not JSON'
        : 'the body is not a GraphQL response with `data` or `errors`',
    );
  }

  #timedOut(cause: unknown): GatewayError {
    const { subgraph, timeoutMs } = this.#options;
    return new GatewayError('GATEWAY_TIMEOUT', {
      message: `Subgraph '${subgraph}' did not answer within ${timeoutMs} ms`,
      subgraph,
      cause,
    });
  }

  #httpError(reason: string, details: { readonly status?: number; readonly cause?: unknown }): GatewayError {
    const { subgraph } = this.#options;
    return new GatewayError('SUBREQUEST_HTTP_ERROR', {
      message: `HTTP fetch failed from '${subgraph}': ${reason}`,
      subgraph,
      extensions: { reason, ...(details.status === undefined ? {} : { subrequestStatus: details.status }) },
      cause: details.cause,
    });
  }

  #malformed(reason: string, cause?: unknown): GatewayError {
    const { subgraph } = this.#options;
    return new GatewayError('SUBREQUEST_MALFORMED_RESPONSE', {
      message: `Malformed response from '${subgraph}': ${reason}`,
      subgraph,
      extensions: { reason },
      cause,
    });
  }
}

/** The deadline of the exchange covers both. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 } as const;

function isTimeout(error: unknown): boolean {
  return (
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError
  );
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  UND_ERR_SOCKET: 'connection closed',
  UND_ERR_HEADERS_OVERFLOW: 'response headers too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the body is not as long as announced',
};

/** Words for a transport error that hold no address: the messages of Node.js name host and port. */
function wordsFor(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = (first as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && Object.hasOwn(WORDS, code)) return WORDS[code] ?? '';
  return (first as Error | undefined)?.name === 'HTTPParserError'
    ? 'the answer is not HTTP'
    : 'connection failed';
}

/**
 * Most answers are ASCII, whose bytes are its characters: two fast passes instead of one slow decoding, and no copy that joins the
 * pieces. `undefined` for what is not UTF-8, as JSON must be (RFC 8259, §8.1): decoding would put other characters in the place of wrong bytes.
 */
function textOf(chunks: readonly Buffer[]): string | undefined {
  if (chunks.every((chunk) => isAscii(chunk))) {
    let text = '';
    for (const chunk of chunks) text += chunk.toString('latin1');
    return text;
  }
  const body = Buffer.concat(chunks);
  return isUtf8(body) ? body.toString('utf8') : undefined;
}

function isJson(contentType: string | string[] | undefined): boolean {
  return typeof contentType === 'string' && /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType);
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Source: GraphQL specification, §7.1 "Response Format". */
function asGraphQLResponse(answer: unknown): SubgraphResponse | undefined {
  if (!isObject(answer)) return undefined;
  const { data, errors: reported } = answer;
  if (data !== undefined && data !== null && !isObject(data)) return undefined;
  if (reported !== undefined && reported !== null && !Array.isArray(reported)) return undefined;
  const hasErrors = Array.isArray(reported) && reported.length > 0;
  if ((data === undefined || data === null) && !hasErrors) return undefined;
  return {
    ...(data === undefined ? {} : { data }),
    ...(hasErrors ? { errors: reported.map(asError) } : {}),
  };
}

function asError(error: unknown): SubgraphResponseError {
  if (!isObject(error)) return { message: 'The subgraph reported an error without a message.' };
  const { message, path, extensions } = error;
  return {
    message: typeof message === 'string' ? message : 'The subgraph reported an error without a message.',
    ...(Array.isArray(path) ? { path } : {}),
    ...(isObject(extensions) ? { extensions } : {}),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
