import { GatewayError } from '../../errors.ts';
import type { SentError } from './workerMessages.ts';

export function sentErrorOf(error: unknown): SentError {
  return {
    code: error instanceof GatewayError ? error.code : undefined,
    message: error instanceof Error ? error.message : String(error),
  };
}

export function receivedError({ code, message }: SentError): Error {
  return code === undefined ? new Error(message) : new GatewayError(code, { message });
}
