import type { EndedCall } from './callTelemetry.ts';

export type AttributeValue = string | number | boolean | string[];

/**
 * The attributes of a call by the names of OpenTelemetry's GenAI conventions; ours, which have no name there, begin with
 * `tributary.`.
 *
 * Source: open-telemetry/semantic-conventions-genai, "Semantic conventions for generative client AI spans", Development.
 */
export function genAiAttributes(call: EndedCall): Readonly<Record<string, AttributeValue>> {
  const { usage, request } = call;
  const attributes: Record<string, AttributeValue | null | undefined> = {
    'gen_ai.operation.name': call.operation,
    'gen_ai.provider.name': call.provider,
    'gen_ai.request.model': call.alias,
    'gen_ai.request.temperature': request.temperature,
    'gen_ai.request.top_p': request.topP,
    'gen_ai.request.max_tokens': request.maxOutputTokens,
    'gen_ai.request.stream': call.isStream,
    'gen_ai.response.model': call.model,
    'gen_ai.response.finish_reasons': call.finishReason === null ? null : [call.finishReason.toLowerCase()],
    'gen_ai.response.time_to_first_chunk': call.firstTokenMs === null ? null : call.firstTokenMs / 1_000,
    'gen_ai.usage.input_tokens': usage.inputTokens,
    'gen_ai.usage.output_tokens': usage.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
    'gen_ai.usage.cache_creation.input_tokens': usage.cacheWriteTokens,
    'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
    'error.type': call.errorCode,
    'tributary.ai.field': call.field,
    'tributary.ai.tenant': call.tenant,
    'tributary.ai.cached': call.cached,
    'tributary.ai.attempts': call.attempts.length,
    'tributary.ai.cost_usd': call.cost?.nanoUsd == null ? null : call.cost.nanoUsd / 1e9,
    'gen_ai.input.messages': call.content && JSON.stringify(call.content.messages),
    'gen_ai.output.messages': call.content?.answer,
  };
  return Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, AttributeValue] => entry[1] != null),
  );
}
