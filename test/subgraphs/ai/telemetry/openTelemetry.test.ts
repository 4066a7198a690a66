import { afterEach, describe, expect, test } from '@jest/globals';
import { type Attributes, metrics, type TimeInput, trace } from '@opentelemetry/api';
import type { EndedCall } from '../../../../subgraphs/ai/telemetry/callTelemetry.ts';
import { genAiAttributes } from '../../../../subgraphs/ai/telemetry/genAiAttributes.ts';
import { openTelemetry } from '../../../../subgraphs/ai/telemetry/openTelemetry.ts';

/* Names: open-telemetry/semantic-conventions-genai, spans and metrics of generative clients. */

const call: EndedCall = {
  operation: 'chat',
  field: 'Product.reviewDigest',
  tenant: 'acme',
  alias: 'fast',
  model: 'openai/gpt-4.1-nano',
  provider: 'openai',
  isStream: true,
  durationMs: 1_500,
  firstTokenMs: 250,
  usage: {
    inputTokens: 120,
    cachedInputTokens: 64,
    cacheWriteTokens: 0,
    outputTokens: 30,
    reasoningTokens: 12,
    estimated: false,
  },
  cost: { nanoUsd: 1_000_000, source: 'CATALOG', priceDate: null },
  cached: false,
  attempts: [{ model: 'openai/gpt-4.1-nano', ok: true, errorCode: null, httpStatus: null, latencyMs: 1_500 }],
  finishReason: 'STOP',
  errorCode: null,
  request: { temperature: 0.2, topP: undefined, maxOutputTokens: 600 },
  content: null,
};

afterEach(() => {
  trace.disable();
  metrics.disable();
});

describe('ai telemetry', () => {
  test('attributes have the names of the GenAI conventions', () => {
    expect(genAiAttributes(call)).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'fast',
      'gen_ai.request.temperature': 0.2,
      'gen_ai.request.max_tokens': 600,
      'gen_ai.request.stream': true,
      'gen_ai.response.model': 'openai/gpt-4.1-nano',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.time_to_first_chunk': 0.25,
      'gen_ai.usage.input_tokens': 120,
      'gen_ai.usage.output_tokens': 30,
      'gen_ai.usage.cache_read.input_tokens': 64,
      'gen_ai.usage.cache_creation.input_tokens': 0,
      'gen_ai.usage.reasoning.output_tokens': 12,
      'tributary.ai.field': 'Product.reviewDigest',
      'tributary.ai.tenant': 'acme',
      'tributary.ai.cached': false,
      'tributary.ai.attempts': 1,
      'tributary.ai.cost_usd': 0.001,
    });
  });

  test('an SDK that was started hears of a span and of metrics', () => {
    const spans: unknown[] = [];
    const values: [string, number, Attributes | undefined][] = [];
    trace.setGlobalTracerProvider({
      getTracer: () => ({
        startSpan: (name: string, options: { startTime: number }) => ({
          isRecording: () => true,
          setAttributes: (attributes: Attributes) => void spans.push({ name, attributes }),
          end: (end: TimeInput) => void spans.push({ durationMs: Number(end) - options.startTime }),
        }),
      }),
    } as never);
    const instrument = (name: string) => ({
      record: (value: number, attributes?: Attributes) => void values.push([name, value, attributes]),
      add: (value: number, attributes?: Attributes) => void values.push([name, value, attributes]),
    });
    metrics.setGlobalMeterProvider({
      getMeter: () => ({ createHistogram: instrument, createCounter: instrument }),
    } as never);
    openTelemetry().callEnded(call);
    expect(spans).toMatchObject([
      { name: 'chat fast', attributes: { 'gen_ai.provider.name': 'openai' } },
      { durationMs: 1_500 },
    ]);
    expect(
      values.map(([name, value, attributes]) => [name, value, attributes?.['gen_ai.token.type']]),
    ).toEqual([
      ['gen_ai.client.operation.duration', 1.5, undefined],
      ['gen_ai.client.operation.time_to_first_chunk', 0.25, undefined],
      ['gen_ai.client.token.usage', 120, 'input'],
      ['gen_ai.client.token.usage', 30, 'output'],
      ['tributary.ai.cost', 0.001, undefined],
    ]);
    // a series of each metric for every tenant would be too many
    expect(JSON.stringify(values)).not.toContain('acme');
  });
});
