import { errors } from 'undici';
import { GatewayError } from '../../errors.ts';
import { ExchangeEnded } from './exchange.ts';

/**
 * What an exchange that failed is to the client. Messages name the subgraph and the reason, never an address.
 *
 * @param error what `exchange` threw
 */
export function failureOf(
  error: unknown,
  { subgraph, timeoutMs, maxResponseBytes }: FailedExchange,
): GatewayError {
  if (error instanceof GatewayError) return error;
  if (!(error instanceof ExchangeEnded)) {
    return isTimeout(error)
      ? timedOut(subgraph, timeoutMs, error)
      : httpError(subgraph, wordsFor(error), { cause: error });
  }
  switch (error.reason) {
    case 'deadline':
      return timedOut(subgraph, timeoutMs, error);
    case 'tooLarge':
      return malformed(subgraph, `the answer is larger than ${maxResponseBytes} bytes`, error);
    case 'clientGone':
      return httpError(subgraph, 'the client went away', { cause: error });
    default:
      throw error.reason satisfies never;
  }
}

interface FailedExchange {
  readonly subgraph: string;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

function timedOut(subgraph: string, timeoutMs: number, cause: unknown): GatewayError {
  return new GatewayError('GATEWAY_TIMEOUT', {
    message: `Subgraph '${subgraph}' did not answer within ${timeoutMs} ms`,
    subgraph,
    cause,
  });
}

export function httpError(
  subgraph: string,
  reason: string,
  details: { readonly status?: number; readonly cause?: unknown } = {},
): GatewayError {
  return new GatewayError('SUBREQUEST_HTTP_ERROR', {
    message: `HTTP fetch failed from '${subgraph}': ${reason}`,
    subgraph,
    extensions: { reason, ...(details.status === undefined ? {} : { subrequestStatus: details.status }) },
    cause: details.cause,
  });
}

/** An answer whose HTTP status says that it is none. */
export function failedStatusError(subgraph: string, status: number): GatewayError {
  return httpError(subgraph, `HTTP status ${status}`, { status });
}

export function malformed(subgraph: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('SUBREQUEST_MALFORMED_RESPONSE', {
    message: `Malformed response from '${subgraph}': ${reason}`,
    subgraph,
    extensions: { reason },
    cause,
  });
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError ||
    (error as { code?: unknown }).code === 'UND_ERR_CONNECT_TIMEOUT'
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
  ERR_HTTP2_STREAM_FAILED: 'connection closed',
  ERR_TLS_NO_HTTP2: 'the subgraph does not speak HTTP/2',
  UND_ERR_HEADERS_OVERFLOW: 'response headers too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the body is not as long as announced',
};

/**
 * Codes with which this side refuses the other's certificate, before anything is sent.
 * Source: OpenSSL, `X509_verify_cert_error_string`; Node.js, "X509 certificate error codes".
 */
const CERTIFICATE_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_REVOKED: 'the certificate is revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  ...Object.fromEntries(
    [
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'CERT_CHAIN_TOO_LONG',
      'CERT_SIGNATURE_FAILURE',
      'CERT_UNTRUSTED',
      'CERT_REJECTED',
      'INVALID_CA',
      'INVALID_PURPOSE',
      'PATH_LENGTH_EXCEEDED',
    ].map((code) => [code, 'the certificate is not trusted']),
  ),
};

/** Whether a connection failed because this side did not accept the certificate of the other: nothing was sent. */
export function isRefusedCertificate(code: unknown): boolean {
  return typeof code === 'string' && Object.hasOwn(CERTIFICATE_WORDS, code);
}

/** Words for a transport error that hold no address: the messages of Node.js name host and port. */
function wordsFor(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = (first as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') {
    if (Object.hasOwn(WORDS, code)) return WORDS[code] ?? '';
    if (Object.hasOwn(CERTIFICATE_WORDS, code)) return CERTIFICATE_WORDS[code] ?? '';
    // an alert of the other side, or no TLS at all
    if (/^(ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)) return 'no secure connection could be made';
  }
  return (first as Error | undefined)?.name === 'HTTPParserError'
    ? 'the answer is not HTTP'
    : 'connection failed';
}
