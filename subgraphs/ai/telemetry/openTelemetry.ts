import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { CallTelemetry } from './callTelemetry.ts';
import { genAiAttributes } from './genAiAttributes.ts';

/** Source: "Semantic conventions for generative AI client metrics": the boundaries that it advises. */
const tokenBoundaries = Array.from({ length: 14 }, (_, power) => 4 ** power);
const secondBoundaries = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/**
 * Spans and metrics by the GenAI conventions, for whatever OpenTelemetry SDK the process was started with
 * (`node --import ./instrumentation.mjs …`). Without one the API does nothing.
 */
export function openTelemetry(): CallTelemetry {
  const tracer = trace.getTracer('tributary-ai');
  const meter = metrics.getMeter('tributary-ai');
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: secondBoundaries } };
  const tokens = meter.createHistogram('gen_ai.client.token.usage', {
    unit: '{token}',
    advice: { explicitBucketBoundaries: tokenBoundaries },
  });
  const duration = meter.createHistogram('gen_ai.client.operation.duration', seconds);
  const firstChunk = meter.createHistogram('gen_ai.client.operation.time_to_first_chunk', seconds);
  const cost = meter.createCounter('tributary.ai.cost', { unit: 'USD' });
  return {
    callEnded(call) {
      const endTime = Date.now();
      const span = tracer.startSpan(`${call.operation} ${call.alias}`, {
        kind: SpanKind.CLIENT,
        startTime: endTime - call.durationMs,
      });
      // without an SDK nothing records, and the attributes are not made
      if (span.isRecording()) span.setAttributes(genAiAttributes(call));
      if (call.errorCode !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: call.errorCode });
      span.end(endTime);

      // few values each: a tenant or a prompt would make a series of its own of every metric
      const dimensions: Record<string, string> = {
        'gen_ai.operation.name': call.operation,
        'gen_ai.request.model': call.alias,
      };
      if (call.provider !== null) dimensions['gen_ai.provider.name'] = call.provider;
      if (call.model !== null) dimensions['gen_ai.response.model'] = call.model;
      if (call.errorCode !== null) dimensions['error.type'] = call.errorCode;
      duration.record(call.durationMs / 1_000, dimensions);
      if (call.firstTokenMs !== null) firstChunk.record(call.firstTokenMs / 1_000, dimensions);
      tokens.record(call.usage.inputTokens, { ...dimensions, 'gen_ai.token.type': 'input' });
      tokens.record(call.usage.outputTokens, { ...dimensions, 'gen_ai.token.type': 'output' });
      if (call.cost?.nanoUsd != null) cost.add(call.cost.nanoUsd / 1e9, dimensions);
    },
  };
}
