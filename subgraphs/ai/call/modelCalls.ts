import type { AnswerCache } from '../cache/answerCache.ts';
import { cacheKey } from '../cache/cacheKey.ts';
import { SingleFlight } from '../cache/singleFlight.ts';
import { AiError } from '../errors.ts';
import { applyGuardrails, readsOutput } from '../guardrails.ts';
import type { Availability } from '../models/availability.ts';
import type { Models } from '../models/models.ts';
import type { Charge, Cost, Ledger, PriceList } from '../money/contract.ts';
import { addUsage, noTokens } from '../money/tokenUsage.ts';
import type { CallTelemetry } from '../telemetry/callTelemetry.ts';
import { startCallDeadline } from './attemptClock.ts';
import { type ChainAnswer, type ChainParts, type ChainRecord, runChain, streamChain } from './chain.ts';
import type { ChatMessage, Completion, ModelCall } from './modelCall.ts';
import { parseOutput } from './parseOutput.ts';
import { pricedModel } from './pricedModel.ts';
import { providerOf } from './providerClients.ts';
import { type Reserved, reserveCall } from './reserveCall.ts';
import { targetOrder } from './targetOrder.ts';
import type { TenantSlots } from './tenantSlots.ts';

export interface ModelCallsParts {
  /** The configuration in force. */
  models(): Models;
  readonly availability: Availability;
  readonly chain: ChainParts;
  readonly slots: TenantSlots;
  readonly ledger: Ledger;
  readonly prices: PriceList;
  readonly cache: AnswerCache;
  readonly telemetry: CallTelemetry;
  readonly recordContent: boolean;
}

export type StreamEvent =
  | { readonly kind: 'delta'; readonly text: string }
  | { readonly kind: 'end'; readonly completion: Completion };

/** What is kept of an answer in the cache. */
type Kept = Pick<Completion, 'text' | 'value' | 'finishReason' | 'model'> & {
  readonly source: Cost['source'];
};

const maxWarned = 1_000;

/**
 * The whole way of a call: guardrails, cache, a place among the tenant's calls, money put aside, the chain of targets,
 * money settled, guardrails again, cache.
 */
export class ModelCalls {
  readonly #parts: ModelCallsParts;
  readonly #flights = new SingleFlight<Completion>();
  readonly #warned = new Set<string>();

  constructor(parts: ModelCallsParts) {
    this.#parts = parts;
  }

  /** @throws AiError */
  async complete(given: ModelCall): Promise<Completion> {
    const startedAt = performance.now();
    const call = this.#guarded(given);
    const { mode, ttlSeconds } = call.cache;
    if (mode === 'OFF' || ttlSeconds === 0) return this.#ask(call, startedAt);

    const key = cacheKey(call);
    const kept = mode === 'REFRESH' ? null : await this.#kept(key);
    if (kept !== null) return this.#fromCache(call, { kept, startedAt });
    const { value, isShared } = await this.#flights.run(key, call.signal, async (signal) => {
      const completion = await this.#ask({ ...call, signal }, startedAt);
      if (completion.finishReason === 'STOP') {
        const { text, value: typed, finishReason, model, cost } = completion;
        const keep: Kept = { text, value: typed, finishReason, model, source: cost.source };
        await this.#parts.cache.put(key, JSON.stringify(keep), ttlSeconds);
      }
      return completion;
    });
    if (!isShared) return value;
    return this.#fromCache(call, { kept: { ...value, source: value.cost.source }, startedAt });
  }

  /** Deltas as they come, then the whole. @throws AiError */
  async *stream(given: ModelCall): AsyncGenerator<StreamEvent, void, void> {
    const startedAt = performance.now();
    const call = this.#guarded(given);
    const asked = await this.#begin(call);
    const { record, targets } = asked;
    // a rule over the answer must see it whole before anybody sees a part of it
    const isHeld = readsOutput(call.guardrails);
    let answer: ChainAnswer | null = null;
    let problem: unknown = null;
    const chain = streamChain(this.#parts.chain, {
      call,
      targets,
      signal: asked.signal,
      remainingMs: asked.remainingMs,
      beforeMore: asked.beforeMore,
      record,
    });
    try {
      for (let step = await chain.next(); ; step = await chain.next()) {
        if (step.done) {
          answer = step.value;
          break;
        }
        if (!isHeld) yield { kind: 'delta', text: step.value };
      }
      answer = { ...answer, text: this.#checkedText(call, answer.text) };
      if (isHeld && answer.text !== '') yield { kind: 'delta', text: answer.text };
    } catch (error) {
      problem = error;
      throw error;
    } finally {
      await chain.return(undefined as never);
      const isOk = problem === null && answer !== null;
      const charges = await asked.end(isOk ? 'OK' : 'FAILED');
      this.#report(call, { startedAt, record, charges, answer, error: problem, isStream: true });
    }
    yield { kind: 'end', completion: this.#completionOf(call, { answer, record, startedAt }) };
  }

  async #ask(call: ModelCall, startedAt: number): Promise<Completion> {
    const asked = await this.#begin(call);
    const { record, targets, signal, remainingMs, beforeMore } = asked;
    let answer: ChainAnswer | null = null;
    let problem: unknown = null;
    try {
      answer = await runChain(this.#parts.chain, {
        call,
        targets,
        signal,
        remainingMs,
        beforeMore,
        record,
      });
      answer = this.#checkedAnswer(call, answer);
    } catch (error) {
      problem = error;
      throw error;
    } finally {
      const charges = await asked.end(problem === null ? 'OK' : 'FAILED');
      this.#report(call, { startedAt, record, charges, answer, error: problem, isStream: false });
    }
    return this.#completionOf(call, { answer, record, startedAt });
  }

  /** A place among the tenant's calls, and the worst case put aside. */
  async #begin(call: ModelCall) {
    const { slots, ledger, prices, availability } = this.#parts;
    const models = this.#parts.models();
    const deadline = startCallDeadline(call.signal, call.options.timeoutMs ?? call.alias.timeouts.totalMs);
    const record: ChainRecord = { attempts: [], billed: [] };
    let leave: () => void = () => {};
    let reserved: Reserved;
    try {
      leave = await slots.enter(call.tenant, models.limits, deadline.signal);
      reserved = await reserveCall({ call, models, ledger, prices, availability });
      this.#warn(call, reserved.warnings);
    } catch (error) {
      leave();
      deadline.stop();
      if (error instanceof AiError) throw error;
      if (call.signal.aborted) throw new AiError('AI_STREAM_INTERRUPTED', 'The caller has gone.');
      if (deadline.signal.aborted) {
        throw new AiError('AI_TIMEOUT', 'The call waited too long for its turn.', { phase: 'TOTAL' });
      }
      throw error;
    }
    const targets = targetOrder(reserved.targets);
    return {
      record,
      targets,
      signal: deadline.signal,
      remainingMs: () => deadline.remainingMs(),
      beforeMore: reserved.extend,
      end: async (outcome: 'OK' | 'FAILED'): Promise<readonly Charge[]> => {
        deadline.stop();
        leave();
        return reserved.settle(record, { outcome, firstTarget: targets[0] });
      },
    };
  }

  /** Of a budget that only warns the log hears once a window. */
  #warn({ tenant, field }: ModelCall, warnings: Reserved['warnings']): void {
    for (const budget of warnings) {
      const key = JSON.stringify([budget.scope, budget.window, budget.resetsAt]);
      if (this.#warned.has(key)) continue;
      if (this.#warned.size >= maxWarned) this.#warned.clear();
      this.#warned.add(key);
      this.#parts.chain.warn({ tenant, field, budget }, 'a call exceeds a budget that only warns');
    }
  }

  /** The call with its texts as the input rules leave them. */
  #guarded(call: ModelCall): ModelCall {
    if (call.guardrails.length === 0) return call;
    const context = this.#guardrailContext(call);
    const check = (message: ChatMessage): ChatMessage =>
      // what the operator wrote into a prompt needs no rule; `complete` and `chat` bring their system text from outside
      ({ ...message, content: applyGuardrails('input', message.content, context) });
    return { ...call, messages: call.messages.map(check) };
  }

  #guardrailContext({ guardrails, output }: ModelCall) {
    return { names: guardrails, options: this.#parts.models().guardrailOptions, output };
  }

  #checkedText(call: ModelCall, text: string): string {
    if (call.guardrails.length === 0) return text;
    return applyGuardrails('output', text, this.#guardrailContext(call));
  }

  #checkedAnswer(call: ModelCall, answer: ChainAnswer): ChainAnswer {
    const text = this.#checkedText(call, answer.text);
    if (text === answer.text || call.output === undefined) return { ...answer, text };
    const read = parseOutput(text, call.output);
    if (read.kind === 'valid') return { ...answer, text, value: read.value };
    throw new AiError('AI_GUARDRAIL_BLOCKED', 'The answer is not of its type after a rule has changed it.', {
      guardrail: 'schema',
      stage: 'OUTPUT',
    });
  }

  async #kept(key: string): Promise<Kept | null> {
    const text = await this.#parts.cache.get(key);
    return text === null ? null : (JSON.parse(text) as Kept);
  }

  async #fromCache(
    call: ModelCall,
    { kept, startedAt }: { readonly kept: Kept; readonly startedAt: number },
  ): Promise<Completion> {
    const cost: Cost = { nanoUsd: 0, source: kept.source, priceDate: null };
    const completion: Completion = {
      text: kept.text,
      value: kept.value,
      finishReason: kept.finishReason,
      requested: call.alias.name,
      model: kept.model,
      usage: noTokens,
      cost,
      cached: true,
      attempts: [],
      latencyMs: Math.round(performance.now() - startedAt),
    };
    await this.#parts.ledger.record({
      tenant: call.tenant,
      alias: call.alias.name,
      field: call.field,
      charges: [{ model: kept.model, usage: noTokens, cost }],
      attempts: 0,
      outcome: 'OK',
      cached: true,
    });
    this.#parts.telemetry.callEnded({
      ...this.#callFacts(call),
      model: kept.model,
      provider: null,
      isStream: false,
      durationMs: performance.now() - startedAt,
      firstTokenMs: null,
      usage: noTokens,
      cost,
      cached: true,
      attempts: [],
      finishReason: kept.finishReason,
      errorCode: null,
      content: null,
    });
    return completion;
  }

  #completionOf(
    call: ModelCall,
    {
      answer,
      record,
      startedAt,
    }: { readonly answer: ChainAnswer | null; readonly record: ChainRecord; readonly startedAt: number },
  ): Completion {
    if (answer === null) throw new Error('a call without an answer has no completion');
    return {
      text: answer.text,
      value: answer.value,
      finishReason: answer.finishReason,
      requested: call.alias.name,
      model: answer.target.id,
      usage: usageOf(record),
      cost: this.#costOf(record),
      cached: false,
      attempts: record.attempts,
      latencyMs: Math.round(performance.now() - startedAt),
    };
  }

  /** Of all attempts together; one without a price makes the whole unknown. */
  #costOf({ billed }: ChainRecord): Cost {
    const costs = billed.map(({ target, usage }) => this.#parts.prices.priceOf(pricedModel(target), usage));
    const last = costs.at(-1) ?? { nanoUsd: 0, source: 'UNKNOWN' as const, priceDate: null };
    const isKnown = costs.every(({ nanoUsd }) => nanoUsd !== null);
    return {
      ...last,
      nanoUsd: isKnown ? costs.reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0) : null,
      source: isKnown ? last.source : 'UNKNOWN',
    };
  }

  #callFacts(call: ModelCall) {
    const { temperature, topP, maxOutputTokens } = call.options;
    return {
      operation: 'chat' as const,
      field: call.field,
      tenant: call.tenant,
      alias: call.alias.name,
      request: { temperature, topP, maxOutputTokens: maxOutputTokens ?? call.alias.maxOutputTokens },
    };
  }

  #report(
    call: ModelCall,
    ended: {
      readonly startedAt: number;
      readonly record: ChainRecord;
      readonly charges: readonly Charge[];
      readonly answer: ChainAnswer | null;
      readonly error: unknown;
      readonly isStream: boolean;
    },
  ): void {
    const { record, answer, error } = ended;
    const model = answer?.target.id ?? record.attempts.at(-1)?.model ?? null;
    const target = call.alias.targets.find(({ id }) => id === model);
    this.#parts.telemetry.callEnded({
      ...this.#callFacts(call),
      model,
      provider: target ? providerOf(target).telemetryName : null,
      isStream: ended.isStream,
      durationMs: performance.now() - ended.startedAt,
      firstTokenMs: answer?.firstTokenMs ?? null,
      usage: usageOf(record),
      cost: this.#costOf(record),
      cached: false,
      attempts: record.attempts,
      finishReason: answer?.finishReason ?? null,
      errorCode: error === null ? null : error instanceof AiError ? error.code : 'INTERNAL_SERVER_ERROR',
      content: this.#parts.recordContent ? { messages: call.messages, answer: answer?.text ?? null } : null,
    });
  }
}

function usageOf({ billed }: ChainRecord) {
  return billed.reduce((sum, { usage }) => addUsage(sum, usage), noTokens);
}
