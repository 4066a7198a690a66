import { isAscii, isUtf8 } from 'node:buffer';
import { parseWithDigitsBelow } from '../../runtime/longNumber.ts';
import type { ExchangeAnswer } from './exchange.ts';
import { failedStatusError, malformed } from './failures.ts';
import type { AnswerHeaders, SubgraphResponse, SubgraphResponseError } from './subgraphRequest.ts';

export interface ReadAnswerOptions {
  readonly subgraph: string;
  /** See `SubgraphRequest`. */
  readonly keepsDigits?: boolean | undefined;
  readonly keepsHeaders?: boolean | undefined;
}

/**
 * Reads an answer's bytes as a GraphQL response.
 *
 * @throws GatewayError SUBREQUEST_HTTP_ERROR (an HTTP error without a GraphQL body), SUBREQUEST_MALFORMED_RESPONSE
 */
export function readAnswer(
  { statusCode, headers, chunks }: ExchangeAnswer,
  { subgraph, keepsDigits = false, keepsHeaders = false }: ReadAnswerOptions,
): SubgraphResponse {
  const isSuccess = statusCode >= 200 && statusCode < 300;
  const answer =
    isJson(headers['content-type']) && headers['content-encoding'] === undefined
      ? parseJson(textOf(chunks), keepsDigits)
      : undefined;
  const response = answer === undefined ? undefined : asGraphQLResponse(answer);
  if (response !== undefined) {
    const read = isSuccess ? response : { ...response, failedStatus: statusCode };
    return keepsHeaders ? { ...read, headers } : read;
  }
  const failure = isSuccess
    ? malformed(
        subgraph,
        answer === undefined
          ? 'the body is not JSON'
          : 'the body is not a GraphQL response with `data` or `errors`',
      )
    : failedStatusError(subgraph, statusCode);
  if (keepsHeaders) headersOfFailures.set(failure, headers);
  throw failure;
}

const headersOfFailures = new WeakMap<object, AnswerHeaders>();

/** The headers of the answer that an error of `readAnswer` is about, where they were asked for. */
export function headersOfFailure(error: unknown): AnswerHeaders | undefined {
  return typeof error === 'object' && error !== null ? headersOfFailures.get(error) : undefined;
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

function parseJson(text: string | undefined, keepsDigits: boolean): unknown {
  if (text === undefined) return undefined;
  try {
    return keepsDigits ? parseWithDigitsBelow('data', text) : JSON.parse(text);
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
