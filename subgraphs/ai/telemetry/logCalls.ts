import type { Logger } from 'pino';
import type { CallTelemetry } from './callTelemetry.ts';
import { genAiAttributes } from './genAiAttributes.ts';

/** A line a call: at `info` when it failed, at `debug` else. */
export function logCalls(log: Logger): CallTelemetry {
  return {
    callEnded(call) {
      const level = call.errorCode === null ? 'debug' : 'info';
      if (!log.isLevelEnabled(level)) return;
      log[level]({ durationMs: Math.round(call.durationMs), ...genAiAttributes(call) }, 'ai call');
    },
  };
}
