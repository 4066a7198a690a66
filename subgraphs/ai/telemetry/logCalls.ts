import type { Logger } from 'pino';
import type { CallTelemetry } from './callTelemetry.ts';
import { genAiAttributes } from './genAiAttributes.ts';

/**
 * A line a call at `debug`, with all that is known of it. At `info` a short one for each that failed at a provider: those that
 * found its circuit open asked nobody, and the log has said why it is open.
 */
export function logCalls(log: Logger): CallTelemetry {
  return {
    callEnded(call) {
      const { errorCode: code, field, alias, tenant, attempts } = call;
      const durationMs = Math.round(call.durationMs);
      if (log.isLevelEnabled('debug')) log.debug({ durationMs, ...genAiAttributes(call) }, 'ai call');
      const [first] = attempts;
      if (code === null || first === undefined) return;
      const models = [...new Set(attempts.map(({ model }) => model))];
      log.info({ code, field, alias, models, tenant, durationMs }, 'a model did not answer');
    },
  };
}
