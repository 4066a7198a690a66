import { GatewayError } from '../../../errors.ts';
import { ExchangeEnded } from '../exchange.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';

/**
 * What a call says of who was asked. `ignored` says nothing: the client went away, it was not sent, or its answer was larger than
 * the gateway takes.
 */
export type Verdict = 'ok' | 'failed' | 'ignored';

/** A subgraph that says what is wrong with a request is well. */
export function verdictOfAnswer(answer: ReceivedAnswer): Verdict {
  return answer.isFailure ? 'failed' : 'ok';
}

/** No answer, or none in time. */
export function verdictOfError(error: unknown): Verdict {
  if (error instanceof GatewayError) return 'ignored';
  if (error instanceof ExchangeEnded) return error.reason === 'deadline' ? 'failed' : 'ignored';
  return isClosing(error) ? 'ignored' : 'failed';
}

/** The gateway has closed its connections: an instance has left the list, or an engine ends. */
function isClosing(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED';
}
