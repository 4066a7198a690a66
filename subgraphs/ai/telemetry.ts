import type { Logger } from 'pino';
import type { CallTelemetry, EndedCall } from './telemetry/callTelemetry.ts';
import { logCalls } from './telemetry/logCalls.ts';

/** Everybody who hears of calls; one that throws is logged and does not keep the others from hearing. */
export function callTelemetry(log: Logger, hooks: readonly CallTelemetry[] = []): CallTelemetry {
  const all = [logCalls(log), ...hooks];
  return {
    callEnded(call: EndedCall) {
      for (const hook of all) {
        try {
          hook.callEnded(call);
        } catch (error) {
          log.warn({ err: error }, 'a telemetry hook failed');
        }
      }
    },
  };
}
