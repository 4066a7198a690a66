import type { LanguageModelV3CallOptions, LanguageModelV3Message } from '@ai-sdk/provider';
import type { Target } from '../models/models.ts';
import type { ProviderClient } from '../provider.ts';
import type { ChatMessage, ModelCall } from './modelCall.ts';
import { providerOf } from './providerClients.ts';

/** The request to one target, in the SDK's terms. */
export function providerRequest(
  call: ModelCall,
  target: Target,
  client: ProviderClient,
): Omit<LanguageModelV3CallOptions, 'abortSignal'> {
  const { options, output } = call;
  const saysSchema = output !== undefined && providerOf(target).structuredSupport(target) !== 'JSON_ONLY';
  const messages = output && !saysSchema ? withSchemaInText(call.messages, output.schema) : call.messages;
  return {
    prompt: messages.map(toMessage),
    maxOutputTokens: maxOutputTokensOf(call, target),
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    ...(options.topP === undefined ? {} : { topP: options.topP }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.stop === undefined ? {} : { stopSequences: [...options.stop] }),
    ...(output === undefined
      ? {}
      : {
          responseFormat: {
            type: 'json',
            ...(saysSchema ? { schema: output.schema, name: output.name } : {}),
          },
        }),
    ...(client.optionsOf === undefined ? {} : { providerOptions: client.optionsOf(target) }),
  };
}

export function maxOutputTokensOf({ options, alias }: ModelCall, target: Target): number {
  const wanted = options.maxOutputTokens ?? alias.maxOutputTokens;
  return Math.min(wanted, target.maxOutputTokens ?? wanted);
}

function toMessage({ role, content }: ChatMessage): LanguageModelV3Message {
  if (role === 'system') return { role, content };
  return { role, content: [{ type: 'text', text: content }] };
}

/** For servers that only know "some JSON": what they are not told by the request they are told by the system text. */
function withSchemaInText(messages: readonly ChatMessage[], schema: object): readonly ChatMessage[] {
  const text = `Answer with one JSON value that this JSON Schema describes, and with nothing else:\n${JSON.stringify(schema)}`;
  const [first, ...rest] = messages;
  if (first?.role !== 'system') return [{ role: 'system', content: text }, ...messages];
  return [{ role: 'system', content: `${first.content}\n\n${text}` }, ...rest];
}
