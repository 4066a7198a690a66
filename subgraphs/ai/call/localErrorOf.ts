import { AiError, type AiErrorCode } from '../errors.ts';
import { LocalError, type LocalErrorCode } from '../local/contract.ts';

const codes: Readonly<Record<LocalErrorCode, AiErrorCode>> = {
  QUEUE_FULL: 'AI_TENANT_LIMIT',
  TIMEOUT: 'AI_TIMEOUT',
  ABORTED: 'AI_STREAM_INTERRUPTED',
  BAD_INPUT: 'AI_BAD_REQUEST',
  UNSUPPORTED: 'AI_NO_MODEL',
  UNAVAILABLE: 'AI_UPSTREAM_ERROR',
  CLOSED: 'AI_UPSTREAM_ERROR',
};

/** What a client reads of an error of the local models; anything else stays what it is. */
export function localErrorOf(error: unknown): unknown {
  if (!(error instanceof LocalError)) return error;
  return new AiError(codes[error.code], error.message, error.code === 'TIMEOUT' ? { phase: 'TOTAL' } : {});
}
