import { AiError, type AiErrorCode, type AiErrorDetails } from '../errors.ts';
import type { TokenUsage } from '../money/contract.ts';

/** What went wrong with one attempt, as far as it decides what is done next (`faultPolicy.ts`). */
export type FaultKind =
  | 'RATE_LIMITED'
  | 'QUOTA'
  | 'AUTH'
  /** The provider does not know the model: the operator's fault, like a wrong key. */
  | 'MODEL_MISSING'
  | 'UPSTREAM'
  | 'TIMEOUT'
  | 'TOO_LONG'
  | 'FILTERED'
  | 'INVALID'
  | 'TRUNCATED'
  | 'BAD_REQUEST'
  | 'INTERRUPTED'
  /** The caller has gone. */
  | 'ABORTED';

export type TimeoutPhase = 'CONNECT' | 'FIRST_TOKEN' | 'IDLE' | 'TOTAL';

export interface FaultDetails {
  readonly httpStatus?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly phase?: TimeoutPhase | undefined;
  /** What the attempt is billed: known from the answer, or estimated where the provider may have worked for nothing. */
  readonly usage?: TokenUsage | undefined;
  /** The answer and what is wrong with it, for the repair turn. */
  readonly invalid?: { readonly text: string; readonly reason: string } | undefined;
  /** A word of the provider's, or of a connection that failed, that says which fault it is, for the operator's log. */
  readonly providerCode?: string | undefined;
}

/** The end of one attempt; it never leaves `call/`. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;
  readonly details: FaultDetails;

  constructor(kind: FaultKind, details: FaultDetails = {}) {
    super(kind);
    this.kind = kind;
    this.details = details;
  }
}

const codes: Readonly<Record<FaultKind, AiErrorCode>> = {
  RATE_LIMITED: 'AI_RATE_LIMITED',
  QUOTA: 'AI_QUOTA_EXHAUSTED',
  AUTH: 'AI_AUTH_FAILED',
  MODEL_MISSING: 'AI_UPSTREAM_ERROR',
  UPSTREAM: 'AI_UPSTREAM_ERROR',
  TIMEOUT: 'AI_TIMEOUT',
  TOO_LONG: 'AI_INPUT_TOO_LONG',
  FILTERED: 'AI_CONTENT_FILTERED',
  INVALID: 'AI_OUTPUT_INVALID',
  TRUNCATED: 'AI_OUTPUT_TRUNCATED',
  BAD_REQUEST: 'AI_BAD_REQUEST',
  INTERRUPTED: 'AI_STREAM_INTERRUPTED',
  ABORTED: 'AI_STREAM_INTERRUPTED',
};

const messages: Readonly<Record<FaultKind, string>> = {
  RATE_LIMITED: 'The model is asked too often now; try again later.',
  QUOTA: "The operator's account at the provider has no credit left.",
  AUTH: "The provider refused the operator's credentials.",
  MODEL_MISSING: 'The provider does not have the configured model.',
  UPSTREAM: 'The provider failed or could not be reached.',
  TIMEOUT: 'The model did not answer in time.',
  TOO_LONG: 'The input is longer than the context window of the model.',
  FILTERED: 'The provider refused to answer this.',
  INVALID: 'The answer was not of the asked type.',
  TRUNCATED:
    'The answer was cut at `maxOutputTokens` before it was whole; allow more, or select fewer fields.',
  BAD_REQUEST: 'The provider refused the request: an option or the asked type does not suit the model.',
  INTERRUPTED: 'The stream was interrupted.',
  ABORTED: 'The caller has gone.',
};

export function codeOf(fault: Fault): AiErrorCode {
  return codes[fault.kind];
}

/** What a client reads of the attempt that ended the call. */
export function errorOf(fault: Fault, more: AiErrorDetails): AiError {
  const { retryAfterMs, phase } = fault.details;
  return new AiError(codes[fault.kind], messages[fault.kind], { ...more, retryAfterMs, phase });
}
