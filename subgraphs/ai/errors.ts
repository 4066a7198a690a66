import { GraphQLError } from 'graphql';

/** What a code of this subgraph means to a caller. */
interface ErrorKind {
  /** For the table in README.md and the OpenAPI document. */
  readonly summary: string;
  /** Of the REST façade; GraphQL answers stay 200. */
  readonly httpStatus: number;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
}

/**
 * Every code that this subgraph gives a client in `extensions.code`. Codes are API: they never change their meaning.
 * README.md shows the same table, and a test compares the two.
 */
export const aiErrors = Object.freeze({
  AI_NO_MODEL: {
    summary: 'the task needs a generative model and none is enabled; `enableWith` says how to enable one',
    httpStatus: 503,
    retryable: false,
  },
  AI_MODEL_UNKNOWN: { summary: 'no alias of that name is configured', httpStatus: 400, retryable: false },
  AI_MODEL_FORBIDDEN: { summary: 'the tenant may not use the alias', httpStatus: 403, retryable: false },
  AI_INPUT_TOO_LONG: {
    summary: 'more tokens than the context window of every target holds; `limitTokens`, `estimatedTokens`',
    httpStatus: 413,
    retryable: false,
  },
  AI_BUDGET_EXCEEDED: {
    summary: 'a budget is spent or reserved; `scope`, `window`, `resetsAt`',
    httpStatus: 402,
    retryable: false,
  },
  AI_TENANT_LIMIT: {
    summary: 'the tenant has too many calls at once or in this minute; `retryAfterMs`',
    httpStatus: 429,
    retryable: true,
  },
  AI_RATE_LIMITED: {
    summary: 'the provider said 429, and so did every other target; `retryAfterMs`',
    httpStatus: 429,
    retryable: true,
  },
  AI_QUOTA_EXHAUSTED: {
    summary: "the operator's account at the provider has no credit left",
    httpStatus: 503,
    retryable: false,
  },
  AI_AUTH_FAILED: {
    summary: "the provider refused the operator's key; only the log says more",
    httpStatus: 503,
    retryable: false,
  },
  AI_TIMEOUT: {
    summary: 'a deadline passed; `phase` is CONNECT, FIRST_TOKEN, IDLE or TOTAL',
    httpStatus: 504,
    retryable: true,
  },
  AI_UPSTREAM_ERROR: {
    summary: 'the provider failed or could not be reached, or every circuit is open',
    httpStatus: 502,
    retryable: true,
  },
  AI_BAD_REQUEST: {
    summary: 'the provider refused the request as such: an option or a schema that this model does not take',
    httpStatus: 400,
    retryable: false,
  },
  AI_STREAM_INTERRUPTED: {
    summary: 'the stream was cut after its first delta; what came is charged',
    httpStatus: 502,
    retryable: true,
  },
  AI_OUTPUT_INVALID: {
    summary: 'the answer was not of the asked type, nor was the repaired one; both are charged',
    httpStatus: 502,
    retryable: true,
  },
  AI_OUTPUT_TRUNCATED: {
    summary: 'the answer was cut at the most tokens allowed before it was whole; it is charged',
    httpStatus: 502,
    retryable: false,
  },
  AI_CONTENT_FILTERED: {
    summary: 'the provider refused or filtered the answer',
    httpStatus: 422,
    retryable: false,
  },
  AI_GUARDRAIL_BLOCKED: {
    summary: 'a rule of this subgraph refused the input or the answer; `guardrail`, `stage`',
    httpStatus: 422,
    retryable: false,
  },
} satisfies Readonly<Record<string, ErrorKind>>);

export type AiErrorCode = keyof typeof aiErrors;

/** What may stand beside the code: numbers, names of the configuration, times. Never a prompt, an answer, a key or a URL. */
export type AiErrorDetails = Readonly<Record<string, unknown>>;

/**
 * An error that a client is meant to read. The errors of providers hold prompt, URL and headers; they are never a cause
 * here, where a formatter or a log could find them, but are read once in `call/classifyError.ts`.
 */
export class AiError extends GraphQLError {
  override readonly name = 'AiError';
  readonly code: AiErrorCode;

  constructor(code: AiErrorCode, message: string, details: AiErrorDetails = {}) {
    const given = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
    super(message, { extensions: { retryable: aiErrors[code].retryable, ...given, code } });
    this.code = code;
  }

  /** The same error with more beside its code; errors never change. */
  with(details: AiErrorDetails): AiError {
    const { code: _code, ...given } = this.extensions;
    return new AiError(this.code, this.message, { ...given, ...details });
  }
}
