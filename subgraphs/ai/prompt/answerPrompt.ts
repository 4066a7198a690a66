import { type GraphQLResolveInfo, getNullableType, isListType, isObjectType } from 'graphql';
import { localErrorOf } from '../call/localErrorOf.ts';
import type { ChatMessage, Completion, ModelCall } from '../call/modelCall.ts';
import { type AiContext, addToTotals } from '../context.ts';
import { aliasOf, hasTarget, noModel } from '../models/aliasTargets.ts';
import { formatUsd } from '../money/dollars.ts';
import { noTokens } from '../money/tokenUsage.ts';
import { jsonSchemaOf, wrapper } from './jsonSchemaOf.ts';
import { localAnswer } from './localAnswer.ts';
import type { CallValue } from './outputFacts.ts';
import { outputType } from './outputType.ts';
import type { Prompt } from './prompt.ts';
import { renderTemplate } from './renderTemplate.ts';
import { fullSelection, type Selection, selectionOf } from './selection.ts';

export interface PromptRequest {
  /** The representation of the entity; nothing for a root field. */
  readonly parent: Readonly<Record<string, unknown>>;
  readonly args: Readonly<Record<string, unknown>>;
  readonly context: AiContext;
  readonly info: GraphQLResolveInfo;
}

/**
 * Resolves a `@prompt` field: by a generative model where one is enabled, else by the small models where the field says
 * how.
 *
 * @throws AiError
 */
export async function answerPrompt(prompt: Prompt, request: PromptRequest): Promise<unknown> {
  const { context } = request;
  const alias = aliasOf(context.services.models(), {
    name: prompt.model,
    kind: 'text',
    tenant: context.caller.tenant,
  });
  const selection = askedSelection(prompt, request.info);
  if (hasTarget(alias, context.services.availability)) {
    const completion = await context.prompts.load(modelCallOf(prompt, request, { alias, selection }));
    addToTotals(context.totals, completion);
    return shaped(prompt, unwrapped(completion.value, prompt), completion);
  }
  if (prompt.local === null) throw noModel(alias);
  return answerLocally(prompt, request, { selection, refuse: () => noModel(alias) });
}

/** With fields that no model fills only, all are asked for: there is no call to show otherwise. */
function askedSelection(prompt: Prompt, info: GraphQLResolveInfo): Selection | null {
  const type = namedObject(prompt);
  if (type === null) return null;
  const all = fullSelection(type);
  if (prompt.output === 'FULL') return all;
  const selection = selectionOf(info);
  const isNothing = [...(selection?.keys() ?? [])].every(
    (name) =>
      prompt.facts.fromCall.has(`${type.name}.${name}`) || prompt.facts.notAsked.has(`${type.name}.${name}`),
  );
  return isNothing ? all : selection;
}

function namedObject({ type }: Prompt) {
  let inner = getNullableType(type);
  while (isListType(inner)) inner = getNullableType(inner.ofType as typeof inner);
  return isObjectType(inner) ? inner : null;
}

function modelCallOf(
  prompt: Prompt,
  { parent, args, context }: PromptRequest,
  { alias, selection }: { readonly alias: ModelCall['alias']; readonly selection: Selection | null },
): ModelCall {
  const { facts, type } = prompt;
  const user = renderTemplate(prompt.template, { args, parent }, { fenced: true });
  const messages: ChatMessage[] = [
    { role: 'system', content: prompt.system },
    { role: 'user', content: user },
  ];
  return {
    alias,
    tenant: context.caller.tenant,
    field: prompt.coordinate,
    messages,
    options: {
      temperature: prompt.temperature,
      maxOutputTokens: prompt.maxOutputTokens,
      timeoutMs: prompt.timeoutMs,
    },
    output: outputType(
      `${prompt.typeName}_${prompt.fieldName}`.slice(0, 64),
      jsonSchemaOf(type, selection, { facts, bounds: false }),
      jsonSchemaOf(type, selection, { facts, bounds: true }),
    ),
    guardrails: prompt.guardrails,
    fallback: true,
    cache: { mode: 'DEFAULT', ttlSeconds: prompt.cacheTtlSeconds },
    signal: context.signal,
  };
}

function unwrapped(value: unknown, { type }: Prompt): unknown {
  return isObjectType(getNullableType(type)) ? value : (value as Readonly<Record<string, unknown>>)[wrapper];
}

async function answerLocally(
  prompt: Prompt,
  { parent, args, context }: PromptRequest,
  {
    selection,
    refuse,
  }: { readonly selection: Selection | null; readonly refuse: () => ReturnType<typeof noModel> },
): Promise<unknown> {
  const { ledger, local } = context.services;
  const text = renderTemplate(prompt.localTemplate, { args, parent }, { fenced: false }).trim();
  const { value, models } = await localAnswer({
    prompt,
    text,
    selection,
    engine: local,
    call: { signal: context.signal },
    noModel: refuse,
  }).catch((error: unknown) => {
    throw localErrorOf(error);
  });
  const cost = { nanoUsd: 0, source: 'LOCAL', priceDate: null } as const;
  await ledger.record({
    tenant: context.caller.tenant,
    alias: prompt.model,
    field: prompt.coordinate,
    charges: models.map((model) => ({ model, usage: noTokens, cost })),
    attempts: 1,
    outcome: 'OK',
    cached: false,
  });
  return shaped(prompt, value, { model: models.join(', '), cost, cached: false });
}

/** Adds what `@fromCall` fields show. */
function shaped(
  prompt: Prompt,
  value: unknown,
  call: Pick<Completion, 'model' | 'cost' | 'cached'>,
): unknown {
  const type = namedObject(prompt);
  if (type === null) return value;
  const shown: Readonly<Record<CallValue, unknown>> = {
    MODEL: call.model,
    COST_USD: call.cost.nanoUsd === null ? null : formatUsd(call.cost.nanoUsd),
    CACHED: call.cached,
  };
  const added = Object.fromEntries(
    Object.keys(type.getFields()).flatMap((name) => {
      const what = prompt.facts.fromCall.get(`${type.name}.${name}`);
      return what === undefined ? [] : [[name, shown[what]]];
    }),
  );
  const add = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(add);
    return typeof item === 'object' && item !== null ? { ...item, ...added } : item;
  };
  return add(value);
}
