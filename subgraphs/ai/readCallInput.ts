import { SubgraphError } from '../host/errors.ts';
import type { ChatMessage, ModelCall, OutputType } from './call/modelCall.ts';
import type { AiContext } from './context.ts';
import { aliasOf } from './models/aliasTargets.ts';
import { outputType } from './prompt/outputType.ts';
import { readClientSchema } from './prompt/readClientSchema.ts';

export interface OptionsInput {
  readonly temperature?: number | null;
  readonly topP?: number | null;
  readonly maxOutputTokens?: number | null;
  readonly stop?: readonly string[] | null;
  readonly seed?: number | null;
  readonly timeoutMs?: number | null;
  readonly cache: 'DEFAULT' | 'REFRESH' | 'OFF';
  readonly fallback: boolean;
  readonly jsonSchema?: unknown;
}

export interface CompleteInput {
  readonly prompt: string;
  readonly system?: string | null;
  readonly model: string;
  readonly options?: OptionsInput | null;
}

export interface ChatInput {
  readonly messages: readonly { readonly role: 'SYSTEM' | 'USER' | 'ASSISTANT'; readonly content: string }[];
  readonly model: string;
  readonly options?: OptionsInput | null;
}

const maxTurns = 200;
const noOptions: OptionsInput = { cache: 'DEFAULT', fallback: true };

/** @throws SubgraphError BAD_USER_INPUT; AiError for the model */
export function completeCall(input: CompleteInput, context: AiContext, field: string): ModelCall {
  const system: ChatMessage[] = input.system ? [{ role: 'system', content: input.system }] : [];
  if (input.prompt.trim() === '') throw refuse('`prompt` must not be empty.');
  return callOf([...system, { role: 'user', content: input.prompt }], input, { context, field });
}

/** @throws SubgraphError BAD_USER_INPUT; AiError for the model */
export function chatCall(input: ChatInput, context: AiContext, field: string): ModelCall {
  const { messages } = input;
  if (messages.length === 0 || messages.length > maxTurns) {
    throw refuse(`\`messages\` must have 1 to ${maxTurns} turns, not ${messages.length}.`);
  }
  if (messages.at(-1)?.role !== 'USER') throw refuse('The last turn must be the USER’s.');
  if (messages.some(({ content }) => content.trim() === '')) throw refuse('A turn must not be empty.');
  // providers want what is told to the model first
  const isSystem = ({ role }: ChatMessage) => role === 'system';
  const turns = messages.map(({ role, content }): ChatMessage => ({ role: roles[role], content }));
  const ordered = [...turns.filter(isSystem), ...turns.filter((turn) => !isSystem(turn))];
  return callOf(ordered, input, { context, field });
}

const roles = { SYSTEM: 'system', USER: 'user', ASSISTANT: 'assistant' } as const;

function callOf(
  messages: readonly ChatMessage[],
  { model, options }: Pick<CompleteInput, 'model' | 'options'>,
  { context, field }: { readonly context: AiContext; readonly field: string },
): ModelCall {
  const given = options ?? noOptions;
  within('temperature', given.temperature, { from: 0, to: 2 });
  within('topP', given.topP, { from: 0.0001, to: 1 });
  within('maxOutputTokens', given.maxOutputTokens, { from: 1, to: 1_000_000 });
  within('timeoutMs', given.timeoutMs, { from: 1, to: 600_000 });
  within('the length of `stop`', given.stop?.length, { from: 0, to: 4 });
  const models = context.services.models();
  const { tenant } = context.caller;
  const alias = aliasOf(models, { name: model, kind: 'text', tenant });
  return {
    alias,
    tenant,
    field,
    messages,
    options: {
      temperature: given.temperature ?? undefined,
      topP: given.topP ?? undefined,
      maxOutputTokens: given.maxOutputTokens ?? undefined,
      stop: given.stop ?? undefined,
      seed: given.seed ?? undefined,
      timeoutMs: given.timeoutMs ?? undefined,
    },
    output: clientType(given.jsonSchema),
    guardrails: models.guardrails,
    fallback: given.fallback,
    cache: { mode: given.cache, ttlSeconds: alias.cacheTtlSeconds },
    signal: context.signal,
  };
}

function clientType(given: unknown): OutputType | undefined {
  if (given === undefined || given === null) return undefined;
  const read = readClientSchema(given);
  if (typeof read === 'string') throw refuse(`\`jsonSchema\` ${read}.`);
  try {
    return outputType('answer', read);
  } catch {
    throw refuse('`jsonSchema` is no JSON Schema of draft 7.');
  }
}

function within(
  name: string,
  value: number | null | undefined,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  if (value == null || (value >= from && value <= to)) return;
  throw refuse(`${name.includes(' ') ? name : `\`${name}\``} must be from ${from} to ${to}, not ${value}.`);
}

function refuse(message: string): SubgraphError {
  return new SubgraphError('BAD_USER_INPUT', message);
}
