import { AiError } from '../errors.ts';
import type { LocalEngine } from '../local/contract.ts';
import { noModel } from '../models/aliasTargets.ts';
import type { Alias, Target } from '../models/models.ts';
import type { Cost, TokenUsage } from '../money/contract.ts';
import { estimateTokens, noTokens } from '../money/tokenUsage.ts';
import { Expired, startCallDeadline } from './attemptClock.ts';
import { classifyError } from './classifyError.ts';
import { codeOf, errorOf, Fault } from './fault.ts';
import { faultPolicies } from './faultPolicy.ts';
import { judgeTarget } from './judgeTarget.ts';
import { localErrorOf } from './localErrorOf.ts';
import type { Attempt, ModelCall } from './modelCall.ts';
import type { ModelCallsParts } from './modelCalls.ts';
import { pricedModel } from './pricedModel.ts';
import { providerOf } from './providerClients.ts';
import { reserveCall } from './reserveCall.ts';
import { guessUsage } from './tokens.ts';

export interface EmbeddingCall {
  readonly alias: Alias;
  readonly tenant: string;
  readonly field: string;
  readonly texts: readonly string[];
  readonly dimensions: number | undefined;
  readonly signal: AbortSignal;
}

export interface Embeddings {
  readonly vectors: readonly (readonly number[])[];
  readonly model: string;
  readonly usage: TokenUsage;
  readonly cost: Cost;
}

/**
 * Vectors of texts. Only the first enabled target of an alias is asked, and asked again when it fails: vectors of two
 * models cannot be compared, and a fallback would quietly spoil whatever keeps them.
 */
export class EmbeddingCalls {
  readonly #parts: ModelCallsParts;
  readonly #local: LocalEngine;

  constructor(parts: ModelCallsParts, local: LocalEngine) {
    this.#parts = parts;
    this.#local = local;
  }

  /** @throws AiError */
  async embed(call: EmbeddingCall): Promise<Embeddings> {
    const target = call.alias.targets.find((candidate) => this.#parts.availability.isAvailable(candidate));
    if (target) return this.#embedAt(target, call);
    if (!call.alias.endsLocally) throw noModel(call.alias);
    return this.#embedLocally(call);
  }

  async #embedLocally({
    texts,
    dimensions,
    signal,
    alias,
    tenant,
    field,
  }: EmbeddingCall): Promise<Embeddings> {
    const startedAt = performance.now();
    const answer = await this.#local.embed(texts, { signal }).catch((error: unknown) => {
      throw localErrorOf(error);
    });
    if (dimensions !== undefined && dimensions !== answer.dimensions) {
      throw new AiError(
        'AI_BAD_REQUEST',
        `${answer.model} has vectors of ${answer.dimensions} numbers only.`,
      );
    }
    const usage = { ...noTokens, inputTokens: answer.inputTokens };
    const cost: Cost = { nanoUsd: 0, source: 'LOCAL', priceDate: null };
    await this.#parts.ledger.record({
      tenant,
      alias: alias.name,
      field,
      charges: [{ model: answer.model, usage, cost }],
      attempts: 1,
      outcome: 'OK',
      cached: false,
    });
    this.#report({ tenant, field, alias, model: answer.model, target: null, usage, cost, startedAt });
    return { vectors: answer.vectors.map((vector) => [...vector]), model: answer.model, usage, cost };
  }

  async #embedAt(target: Target, call: EmbeddingCall): Promise<Embeddings> {
    const startedAt = performance.now();
    const { availability, slots, ledger, prices } = this.#parts;
    const models = this.#parts.models();
    const deadline = startCallDeadline(call.signal, call.alias.timeouts.totalMs);
    const attempts: Attempt[] = [];
    try {
      const leave = await slots.enter(call.tenant, models.limits, deadline.signal);
      try {
        const reserved = await reserveCall({
          call: { ...asModelCall(call), alias: { ...call.alias, targets: [target] } },
          models,
          ledger,
          prices,
          availability,
        });
        const billed: { target: Target; usage: TokenUsage }[] = [];
        let outcome: 'OK' | 'FAILED' = 'FAILED';
        try {
          const { vectors, usage } = await this.#attempts(target, { call, deadline, attempts });
          billed.push({ target, usage });
          outcome = 'OK';
          const cost = prices.priceOf(pricedModel(target), usage);
          this.#report({ ...call, model: target.id, target, usage, cost, startedAt });
          return { vectors, model: target.id, usage, cost };
        } finally {
          await reserved.settle({ attempts, billed }, { outcome, firstTarget: target });
        }
      } finally {
        leave();
      }
    } catch (error) {
      if (error instanceof AiError) throw error;
      throw errorOf(
        deadline.signal.reason instanceof Expired
          ? new Fault('TIMEOUT', { phase: 'TOTAL' })
          : classifyError(error, deadline.signal),
        { model: target.id, attempts },
      );
    } finally {
      deadline.stop();
    }
  }

  async #attempts(
    target: Target,
    {
      call,
      deadline,
      attempts,
    }: {
      readonly call: EmbeddingCall;
      readonly deadline: { readonly signal: AbortSignal; remainingMs(): number };
      readonly attempts: Attempt[];
    },
  ): Promise<{ vectors: number[][]; usage: TokenUsage }> {
    const { circuits, pause } = this.#parts.chain;
    for (;;) {
      if (!circuits.tryEnter(target.id)) {
        throw new Fault('UPSTREAM', { retryAfterMs: circuits.retryAfterMs(target.id) });
      }
      const startedAt = performance.now();
      const note = (fault: Fault | null): void =>
        void attempts.push({
          model: target.id,
          ok: fault === null,
          errorCode: fault && codeOf(fault),
          httpStatus: fault?.details.httpStatus ?? null,
          latencyMs: Math.round(performance.now() - startedAt),
        });
      try {
        const answer = await this.#ask(target, call, deadline.signal);
        circuits.succeeded(target.id);
        note(null);
        return answer;
      } catch (error) {
        const fault = classifyError(error, deadline.signal);
        note(fault);
        const policy = faultPolicies[fault.kind];
        judgeTarget(this.#parts.chain, { target: target.id, fault });
        const pauseMs = fault.details.retryAfterMs ?? 100;
        const mayRepeat = policy.next === 'SAME' || policy.next === 'SAME_IF_TOLD_WHEN';
        if (!mayRepeat || attempts.length > 1 || pauseMs >= deadline.remainingMs()) throw fault;
        await pause(pauseMs, deadline.signal);
      }
    }
  }

  /** In parts that the provider takes at once. */
  async #ask(
    target: Target,
    { texts, dimensions }: EmbeddingCall,
    signal: AbortSignal,
  ): Promise<{ vectors: number[][]; usage: TokenUsage }> {
    const client = await this.#parts.chain.clients.clientOf(target.provider);
    const embedding = client.embeddingModel(target, { dimensions });
    if (embedding === null) throw new Fault('BAD_REQUEST');
    const size = (await embedding.model.maxEmbeddingsPerCall) ?? texts.length;
    const vectors: number[][] = [];
    let tokens = 0;
    let isEstimated = false;
    for (let start = 0; start < texts.length; start += size) {
      const values = texts.slice(start, start + size);
      const result = await embedding.model.doEmbed({
        values,
        abortSignal: signal,
        ...(embedding.options === undefined ? {} : { providerOptions: embedding.options }),
      });
      if (result.embeddings.length !== values.length) throw new Fault('UPSTREAM');
      vectors.push(...result.embeddings);
      // Google says NaN
      const said = result.usage?.tokens;
      const isKnown = said !== undefined && Number.isFinite(said);
      if (!isKnown) isEstimated = true;
      tokens += isKnown ? said : values.reduce((sum, text) => sum + estimateTokens(text), 0);
    }
    return { vectors, usage: { ...guessUsage(tokens), estimated: isEstimated } };
  }

  #report(ended: {
    readonly tenant: string;
    readonly field: string;
    readonly alias: Alias;
    readonly model: string;
    readonly target: Target | null;
    readonly usage: TokenUsage;
    readonly cost: Cost;
    readonly startedAt: number;
  }): void {
    this.#parts.telemetry.callEnded({
      operation: 'embeddings',
      field: ended.field,
      tenant: ended.tenant,
      alias: ended.alias.name,
      model: ended.model,
      provider: ended.target && providerOf(ended.target).telemetryName,
      isStream: false,
      durationMs: performance.now() - ended.startedAt,
      firstTokenMs: null,
      usage: ended.usage,
      cost: ended.cost,
      cached: false,
      attempts: [],
      finishReason: null,
      errorCode: null,
      request: { temperature: undefined, topP: undefined, maxOutputTokens: undefined },
      content: null,
    });
  }
}

/** What the ledger needs to know: there is no output. */
function asModelCall({ texts, signal, ...call }: EmbeddingCall): ModelCall {
  return {
    ...call,
    messages: texts.map((content) => ({ role: 'user', content })),
    options: { maxOutputTokens: 0 },
    guardrails: [],
    fallback: false,
    cache: { mode: 'OFF', ttlSeconds: 0 },
    signal,
  };
}
