import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { GraphQLScalarType } from 'graphql';
import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars';
import { SubgraphError } from '../host/errors.ts';
import { localErrorOf } from './call/localErrorOf.ts';
import type { Completion } from './call/modelCall.ts';
import { pricedModel } from './call/pricedModel.ts';
import { providerOf } from './call/providerClients.ts';
import { operatorScope } from './caller.ts';
import type { AiContext } from './context.ts';
import { aliasOf, hasTarget, mayUse } from './models/aliasTargets.ts';
import type { Alias, Target } from './models/models.ts';
import type { BudgetState, Cost, TokenUsage, UsageKey, UsageRow } from './money/contract.ts';
import { formatUsd } from './money/dollars.ts';
import { noTokens } from './money/tokenUsage.ts';
import { type ChatInput, type CompleteInput, chatCall, completeCall } from './readCallInput.ts';
import { eventStream } from './subscriptions/eventStream.ts';

const maxTexts = 256;

/** Texts of `embed` and `rank`. @throws SubgraphError BAD_USER_INPUT */
function checkTexts(name: string, texts: readonly string[]): void {
  if (texts.length === 0 || texts.length > maxTexts) {
    throw new SubgraphError(
      'BAD_USER_INPUT',
      `\`${name}\` must have 1 to ${maxTexts} texts, not ${texts.length}.`,
    );
  }
  if (texts.some((text) => text.trim() === '')) {
    throw new SubgraphError('BAD_USER_INPUT', `A text of \`${name}\` must not be empty.`);
  }
}

async function embed(
  _root: unknown,
  { input }: { input: { texts: string[]; model: string; dimensions?: number | null } },
  { services, caller, signal }: AiContext,
) {
  checkTexts('texts', input.texts);
  const alias = aliasOf(services.models(), { name: input.model, kind: 'embedding', tenant: caller.tenant });
  const { vectors, ...answer } = await services.embeddings.embed({
    alias,
    tenant: caller.tenant,
    field: 'Query.embed',
    texts: input.texts,
    dimensions: input.dimensions ?? undefined,
    signal,
  });
  return { ...answer, vectors, dimensions: vectors[0]?.length ?? 0 };
}

async function rank(
  _root: unknown,
  given: { query: string; documents: string[]; first: number },
  { services, caller, signal }: AiContext,
) {
  const { query, documents, first } = given;
  checkTexts('documents', documents);
  checkTexts('query', [query]);
  if (first < 1) throw new SubgraphError('BAD_USER_INPUT', `\`first\` must be at least 1, not ${first}.`);
  const answer = await services.local.rank(query, documents, { signal }).catch((error: unknown) => {
    throw localErrorOf(error);
  });
  const { model } = answer;
  await services.ledger.record({
    tenant: caller.tenant,
    alias: 'rank',
    field: 'Query.rank',
    charges: [
      {
        model,
        usage: { ...noTokens, inputTokens: answer.inputTokens },
        cost: { nanoUsd: 0, source: 'LOCAL', priceDate: null },
      },
    ],
    attempts: 1,
    outcome: 'OK',
    cached: false,
  });
  return answer.ranked.slice(0, first).map((one) => ({ ...one, text: documents[one.index] }));
}

/** The models in the order of the file, and those that ship with this subgraph. */
function models(
  _root: unknown,
  { kind }: { kind?: 'TEXT' | 'EMBEDDING' | 'LOCAL' | null },
  { services, caller }: AiContext,
) {
  const configured = [...services.models().aliases.values()]
    .filter((alias) => mayUse(alias, caller.tenant))
    .map((alias) => modelOf(alias, services));
  return [...configured, ...localModels].filter((model) => kind == null || model.kind === kind);
}

function modelOf(alias: Alias, { availability, circuits, prices }: AiContext['services']) {
  const first = alias.targets.find((target) => availability.isAvailable(target)) ?? alias.targets[0];
  const windows = alias.targets.flatMap(({ contextWindow }) => contextWindow ?? []);
  const price = first && prices.tokenPrices(pricedModel(first));
  return {
    alias: alias.name,
    kind: alias.kind === 'text' ? 'TEXT' : 'EMBEDDING',
    enabled: alias.endsLocally || hasTarget(alias, availability),
    targets: [
      ...alias.targets.map((target: Target) => ({
        model: target.id,
        weight: target.weight,
        enabled: availability.isAvailable(target),
        health: circuits.health(target.id),
      })),
      ...(alias.endsLocally ? [{ model: localEmbedding, weight: 1, enabled: true, health: 'UP' }] : []),
    ],
    structuredOutput: alias.kind === 'text' && first ? providerOf(first).structuredSupport(first) : 'NONE',
    contextWindow: windows.length > 0 ? Math.min(...windows) : null,
    pricePerMTok: price && {
      input: String(price.input),
      cachedInput: price.cachedInput === undefined ? null : String(price.cachedInput),
      output: String(price.output),
    },
  };
}

const localEmbedding = 'local/universal-sentence-encoder-lite';
const localModels = [
  ['local-embedding', localEmbedding],
  ['local-language', 'local/eld-small'],
  ['local-sentiment', 'local/vader'],
  ['local-text', 'local/wink-eng-lite'],
].map(([alias, model]) => ({
  alias,
  kind: 'LOCAL',
  enabled: true,
  targets: [{ model, weight: 1, enabled: true, health: 'UP' }],
  structuredOutput: 'NONE',
  contextWindow: null,
  pricePerMTok: { input: '0', cachedInput: null, output: '0' },
}));

/** Another tenant than one's own, or all, is the operator's to see. @returns null for all */
function tenantOf(asked: string | null | undefined, { caller }: AiContext): string | null {
  if (asked == null || asked === caller.tenant) return caller.tenant;
  if (!caller.scopes.includes(operatorScope)) {
    throw new SubgraphError('FORBIDDEN', `Another tenant is seen with the scope ${operatorScope} only.`);
  }
  return asked === '*' ? null : asked;
}

interface UsageArguments {
  readonly since?: Date | null;
  readonly until?: Date | null;
  readonly groupBy: readonly UsageKey[];
  readonly tenant?: string | null;
}

async function aiUsage(_root: unknown, given: UsageArguments, context: AiContext) {
  const { since = null, until = null, groupBy } = given;
  const report = await context.services.ledger.usage({
    since,
    until,
    groupBy: [...new Set(groupBy)],
    tenant: tenantOf(given.tenant, context),
  });
  return { total: usageRow(report.total), rows: report.rows.map(usageRow) };
}

async function aiBudgets(_root: unknown, { tenant }: { tenant?: string | null }, context: AiContext) {
  const states = await context.services.ledger.budgets(tenantOf(tenant, context));
  return states.map(budgetOf);
}

function usageRow(row: UsageRow) {
  return { ...row, usd: formatUsd(row.nanoUsd) };
}

function budgetOf({ budget, ...state }: BudgetState) {
  return {
    ...state,
    window: budget.window,
    limitUsd: budget.limitNanoUsd === null ? null : formatUsd(budget.limitNanoUsd),
    limitTokens: budget.limitTokens,
    spentUsd: formatUsd(state.spentNanoUsd),
    reservedUsd: formatUsd(state.reservedNanoUsd),
    action: budget.action,
  };
}

const AiDecimal = new GraphQLScalarType<string, string>({
  name: 'AiDecimal',
  description: 'An exact decimal number as text, for example `0.000125`.',
  serialize: String,
});

export const aiResolvers: GraphQLResolverMap<AiContext> = {
  AiDateTime: renamed(GraphQLDateTime, 'AiDateTime'),
  AiJSON: renamed(GraphQLJSON, 'AiJSON'),
  AiDecimal,

  Query: {
    complete: (_root, { input }: { input: CompleteInput }, context) =>
      context.services.calls.complete(completeCall(input, context, 'Query.complete')),
    chat: (_root, { input }: { input: ChatInput }, context) =>
      context.services.calls.complete(chatCall(input, context, 'Query.chat')),
    embed,
    rank,
    models,
    aiUsage,
    aiBudgets,
  },

  Subscription: {
    completeStream: {
      subscribe: (_root: unknown, { input }: { input: CompleteInput }, context: AiContext) =>
        eventStream('completeStream', context, completeCall(input, context, 'Subscription.completeStream')),
    },
    chatStream: {
      subscribe: (_root: unknown, { input }: { input: ChatInput }, context: AiContext) =>
        eventStream('chatStream', context, chatCall(input, context, 'Subscription.chatStream')),
    },
  },

  AiCompletion: { json: ({ value }: Completion) => value },
  AiCost: {
    usd: ({ nanoUsd }: Cost) => (nanoUsd === null ? null : formatUsd(nanoUsd)),
  },
  AiTokenUsage: {
    input: ({ inputTokens }: TokenUsage) => inputTokens,
    cachedInput: ({ cachedInputTokens }: TokenUsage) => cachedInputTokens,
    cacheWrite: ({ cacheWriteTokens }: TokenUsage) => cacheWriteTokens,
    output: ({ outputTokens }: TokenUsage) => outputTokens,
    reasoning: ({ reasoningTokens }: TokenUsage) => reasoningTokens,
    total: ({ inputTokens, outputTokens }: TokenUsage) => inputTokens + outputTokens,
  },
};

/** The same coercion under the name that this subgraph's SDL gives it, so that no two subgraphs share a scalar. */
function renamed(scalar: GraphQLScalarType, name: string): GraphQLScalarType {
  return new GraphQLScalarType({ ...scalar.toConfig(), name, astNode: null, extensionASTNodes: [] });
}
