import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { EndedCall } from '../../../../subgraphs/ai/telemetry/callTelemetry.ts';
import { logCalls } from '../../../../subgraphs/ai/telemetry/logCalls.ts';

const failed: EndedCall = {
  operation: 'chat',
  field: 'Review.sentiment',
  tenant: 'acme',
  alias: 'fast',
  model: 'one/m',
  provider: 'openai',
  isStream: false,
  durationMs: 12.4,
  firstTokenMs: null,
  usage: {
    inputTokens: 0,
    outputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    estimated: false,
  },
  cost: null,
  cached: false,
  attempts: [{ model: 'one/m', ok: false, errorCode: 'AI_UPSTREAM_ERROR', httpStatus: 503, latencyMs: 12 }],
  finishReason: null,
  errorCode: 'AI_UPSTREAM_ERROR',
  request: { temperature: undefined, topP: undefined, maxOutputTokens: 60 },
  content: null,
};

function linesAt(level: 'info' | 'debug', call: EndedCall): unknown[] {
  const lines: unknown[] = [];
  const sink = { write: (line: string) => void lines.push(JSON.parse(line)) };
  logCalls(pino({ level, base: null, timestamp: false }, sink)).callEnded(call);
  return lines;
}

describe('ai: the log of calls', () => {
  test('at info a call that failed is a short line', () => {
    expect(linesAt('info', failed)).toEqual([
      {
        level: 30,
        code: 'AI_UPSTREAM_ERROR',
        field: 'Review.sentiment',
        alias: 'fast',
        models: ['one/m'],
        tenant: 'acme',
        durationMs: 12,
        msg: 'a model did not answer',
      },
    ]);
  });

  test('at info one that succeeded, or that found every circuit open, is none', () => {
    expect(linesAt('info', { ...failed, errorCode: null })).toEqual([]);
    expect(linesAt('info', { ...failed, attempts: [] })).toEqual([]);
  });

  test('at debug each call is a line with the attributes of GenAI', () => {
    expect(linesAt('debug', { ...failed, attempts: [] })).toMatchObject([
      { msg: 'ai call', 'gen_ai.request.model': 'fast', 'error.type': 'AI_UPSTREAM_ERROR' },
    ]);
  });
});
