import { APICallError } from '@ai-sdk/provider';
import { Expired } from './attemptClock.ts';
import { Fault } from './fault.ts';

const quota = /insufficient_quota|insufficient credit|credit balance|billing_hard_limit|payment required/i;
const tooLong =
  /context_length_exceeded|context length|context window|prompt is too long|input is too long|too many tokens|maximum.{0,30}tokens|exceeds.{0,30}token/i;
const filtered = /content_policy|content_filter|content management policy|safety system|responsible.?ai/i;

/**
 * The one place that reads what a provider's package throws. Its errors hold the prompt, the URL, headers and the whole
 * answer; of all that a status, a time and one word come out.
 *
 * @param signal of the attempt: its reason tells a deadline and a caller who left from a fault of the network
 */
export function classifyError(error: unknown, signal: AbortSignal): Fault {
  if (error instanceof Fault) return error;
  if (signal.aborted) return expiryOf(signal.reason);
  if (APICallError.isInstance(error) && error.statusCode !== undefined && error.statusCode >= 400) {
    return answeredFault(error, error.statusCode);
  }
  if (causesOf(error).some((cause) => codeOf(cause) === 'UND_ERR_CONNECT_TIMEOUT')) {
    return new Fault('TIMEOUT', { phase: 'CONNECT' });
  }
  // a refused, reset or cut connection, and an answer that is not what the provider documents
  return new Fault('UPSTREAM', { ...statusOf(error), providerCode: connectionCodeOf(error) });
}

function expiryOf(reason: unknown): Fault {
  return reason instanceof Expired ? new Fault('TIMEOUT', { phase: reason.phase }) : new Fault('ABORTED');
}

function answeredFault(error: APICallError, httpStatus: number): Fault {
  const body = error.responseBody ?? '';
  const details = {
    httpStatus,
    retryAfterMs: retryAfterMs(error.responseHeaders ?? {}),
    providerCode: providerCodeOf(body),
  };
  if (httpStatus === 402 || ((httpStatus === 429 || httpStatus === 400) && quota.test(body))) {
    return new Fault('QUOTA', details);
  }
  if (httpStatus === 429) return new Fault('RATE_LIMITED', details);
  if (httpStatus === 401 || httpStatus === 403) return new Fault('AUTH', details);
  if (httpStatus === 404) return new Fault('MODEL_MISSING', details);
  if (httpStatus >= 500 || httpStatus === 408 || httpStatus === 409) return new Fault('UPSTREAM', details);
  if (httpStatus === 413 || tooLong.test(body)) return new Fault('TOO_LONG', details);
  if (filtered.test(body)) return new Fault('FILTERED', details);
  return new Fault('BAD_REQUEST', details);
}

/** A 200 whose body broke off is an APICallError too. */
function statusOf(error: unknown): { httpStatus?: number } {
  return APICallError.isInstance(error) && error.statusCode !== undefined
    ? { httpStatus: error.statusCode }
    : {};
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let at = error; typeof at === 'object' && at !== null && causes.length < 8; ) {
    causes.push(at);
    at = 'cause' in at ? at.cause : undefined;
  }
  return causes;
}

/** `ECONNREFUSED`, `UND_ERR_SOCKET`: the system's or undici's word for how a connection failed. */
function connectionCodeOf(error: unknown): string | undefined {
  return causesOf(error)
    .map(codeOf)
    .find((code): code is string => typeof code === 'string' && /^[A-Z][A-Z_]{2,40}$/.test(code));
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

/** `invalid_api_key`: a word, no sentence, since sentences of providers repeat parts of keys. */
function providerCodeOf(body: string): string | undefined {
  const word = /"(?:code|type|status)"\s*:\s*"([A-Za-z][A-Za-z_.-]{2,63})"/.exec(body)?.[1];
  return word === 'error' ? undefined : word;
}

/**
 * `retry-after-ms`, or `retry-after` in seconds or as a date.
 *
 * Source: RFC 9110, section 10.2.3; `retry-after-ms` is what OpenAI and Azure send beside it.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string>>,
  now = Date.now(),
): number | undefined {
  const exact = Number(headers['retry-after-ms']);
  if (headers['retry-after-ms'] !== undefined && Number.isFinite(exact) && exact >= 0)
    return Math.ceil(exact);
  const written = headers['retry-after'];
  if (written === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(written.trim())) return Math.ceil(Number(written) * 1_000);
  const date = Date.parse(written);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
