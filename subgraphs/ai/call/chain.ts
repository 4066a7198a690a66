import { randomInt } from 'node:crypto';
import { AiError } from '../errors.ts';
import type { Target } from '../models/models.ts';
import type { TokenUsage } from '../money/contract.ts';
import { estimateTokens } from '../money/tokenUsage.ts';
import { type Answer, attempt, attemptStream } from './attempt.ts';
import type { Circuits } from './circuits.ts';
import { classifyError } from './classifyError.ts';
import { codeOf, errorOf, Fault } from './fault.ts';
import { faultPolicies } from './faultPolicy.ts';
import { judgeTarget } from './judgeTarget.ts';
import type { Attempt, ModelCall } from './modelCall.ts';
import { parseOutput } from './parseOutput.ts';
import type { ProviderClients } from './providerClients.ts';
import { estimateInput, guessUsage } from './tokens.ts';

export interface ChainParts {
  readonly clients: ProviderClients;
  readonly circuits: Circuits;
  /** For the operator: what a client must not read. */
  warn(details: Readonly<Record<string, unknown>>, message: string): void;
  /** Waits, or throws the signal's reason. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export interface ChainOptions {
  readonly call: ModelCall;
  /** In the order in which they are tried. */
  readonly targets: readonly Target[];
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Asked before every attempt but the first: puts its worst case aside, or throws. */
  beforeMore(next: { readonly target: Target; readonly call: ModelCall }): Promise<void>;
  /** Filled as it goes, so that what was spent is known also when the chain throws. */
  readonly record: ChainRecord;
}

export interface ChainRecord {
  readonly attempts: Attempt[];
  readonly billed: { readonly target: Target; readonly usage: TokenUsage }[];
}

export interface ChainAnswer extends Answer {
  readonly target: Target;
  readonly value: unknown;
}

/** Of a pause between two attempts without a `Retry-After`: full jitter up to this, so that callers do not come in step. */
const maxPauseMs = 500;

/**
 * Asks the targets in order until one answers, by the table of `faultPolicy.ts`. An answer that is not of the asked type
 * is sent back once, with what is wrong with it.
 *
 * @throws AiError of the last attempt, with all attempts
 */
export async function runChain(parts: ChainParts, options: ChainOptions): Promise<ChainAnswer> {
  const state = new ChainState(parts, options);
  for (let target = state.next(); target !== null; target = state.next()) {
    const startedAt = performance.now();
    try {
      await state.begin(target);
      const asked = { call: state.call, target, clients: parts.clients, signal: options.signal };
      const answer = await attempt(asked);
      const value = checkedValue(state.call, answer);
      state.succeeded(target, { answer, startedAt });
      return { ...answer, target, value };
    } catch (error) {
      await state.failed(target, { error, startedAt });
    }
  }
  throw state.exhausted();
}

/** The same for a stream; after the first delta nothing is tried again. */
export async function* streamChain(
  parts: ChainParts,
  options: ChainOptions,
): AsyncGenerator<string, ChainAnswer, void> {
  const state = new ChainState(parts, options);
  for (let target = state.next(); target !== null; target = state.next()) {
    const startedAt = performance.now();
    let emitted = '';
    let isDone = false;
    try {
      await state.begin(target);
      const stream = attemptStream({
        call: options.call,
        target,
        clients: parts.clients,
        signal: options.signal,
      });
      try {
        for (let step = await stream.next(); ; step = await stream.next()) {
          if (step.done) {
            isDone = true;
            state.succeeded(target, { answer: step.value, startedAt });
            return { ...step.value, target, value: undefined };
          }
          emitted += step.value;
          yield step.value;
        }
      } finally {
        await stream.return(undefined as never);
      }
    } catch (error) {
      isDone = true;
      await state.failed(target, { error, startedAt, isFinal: emitted !== '' });
    } finally {
      // the reader has left in the middle
      if (!isDone) state.left(target, { startedAt, emitted });
    }
  }
  throw state.exhausted();
}

function checkedValue(call: ModelCall, answer: Answer): unknown {
  const { text, finishReason, usage } = answer;
  if (finishReason === 'CONTENT_FILTER') throw new Fault('FILTERED', { usage });
  if (call.output === undefined) return undefined;
  if (finishReason === 'LENGTH') throw new Fault('TRUNCATED', { usage });
  const read = parseOutput(text, call.output);
  if (read.kind === 'invalid') throw new Fault('INVALID', { usage, invalid: { text, reason: read.reason } });
  return read.value;
}

interface Failure {
  readonly error: unknown;
  readonly startedAt: number;
  /** Nothing may be tried after it. */
  readonly isFinal?: boolean;
}

/** Where one chain stands: which target is next, and what has been tried. */
class ChainState {
  call: ModelCall;
  readonly #parts: ChainParts;
  readonly #options: ChainOptions;
  #queue: Target[];
  /** Targets that are not given a second chance any more. */
  readonly #repeated = new Set<string>();
  #lastFault: Fault | null = null;
  #skippedMs: number | null = null;

  constructor(parts: ChainParts, options: ChainOptions) {
    this.#parts = parts;
    this.#options = options;
    this.call = options.call;
    this.#queue = fitting(options.targets, options.call);
  }

  /** The next target whose circuit lets the call in. */
  next(): Target | null {
    for (let target = this.#queue.shift(); target !== undefined; target = this.#queue.shift()) {
      if (this.#parts.circuits.tryEnter(target.id)) return target;
      const waitMs = this.#parts.circuits.retryAfterMs(target.id);
      this.#skippedMs = Math.min(this.#skippedMs ?? waitMs, waitMs);
    }
    return null;
  }

  /** @throws what `beforeMore` throws: a budget allows no further attempt */
  async begin(target: Target): Promise<void> {
    if (this.#options.record.attempts.length === 0) return;
    await this.#options.beforeMore({ target, call: this.call });
  }

  succeeded(target: Target, { answer, startedAt }: { answer: Answer; startedAt: number }): void {
    this.#parts.circuits.succeeded(target.id);
    this.#note(target, { ok: true, errorCode: null, httpStatus: null, startedAt });
    this.#options.record.billed.push({ target, usage: answer.usage });
  }

  /** The reader of a stream has gone; what came until then is paid. */
  left(target: Target, { startedAt, emitted }: { startedAt: number; emitted: string }): void {
    const { messages, output } = this.call;
    const usage = guessUsage(estimateInput(messages, output), estimateTokens(emitted));
    this.#options.record.billed.push({ target, usage });
    this.#parts.circuits.undecided(target.id);
    this.#note(target, { ok: false, errorCode: 'AI_STREAM_INTERRUPTED', httpStatus: null, startedAt });
  }

  /** @throws AiError when nothing follows */
  async failed(target: Target, { error, startedAt, isFinal = false }: Failure): Promise<void> {
    const { circuits } = this.#parts;
    // a budget's refusal: the attempt was not made
    if (error instanceof AiError) {
      circuits.undecided(target.id);
      throw error.with({ attempts: this.#options.record.attempts });
    }
    const fault = error instanceof Fault ? error : classifyError(error, this.#options.signal);
    this.#lastFault = fault;
    const { httpStatus, usage } = fault.details;
    this.#note(target, {
      ok: false,
      errorCode: codeOf(fault),
      httpStatus: httpStatus ?? null,
      startedAt,
    });
    if (usage !== undefined) this.#options.record.billed.push({ target, usage });

    // the deadline of the whole call says nothing about the target
    const isOurs = this.#options.signal.aborted && fault.kind !== 'INTERRUPTED';
    if (isOurs) circuits.undecided(target.id);
    else judgeTarget(this.#parts, { target: target.id, fault });

    if (isFinal || this.#options.signal.aborted) throw this.exhausted();
    await this.#decide(target, fault);
  }

  async #decide(target: Target, fault: Fault): Promise<void> {
    const { fallback, alias } = this.call;
    const { retryAfterMs } = fault.details;
    const mayRepeat = !this.#repeated.has(target.id);
    switch (faultPolicies[fault.kind].next) {
      case 'SAME':
        if (mayRepeat) return this.#again(target, retryAfterMs ?? randomInt(maxPauseMs));
        break;
      case 'SAME_IF_TOLD_WHEN':
        if (mayRepeat && retryAfterMs !== undefined && retryAfterMs < this.#options.remainingMs()) {
          return this.#again(target, retryAfterMs);
        }
        break;
      case 'REPAIR':
        if (mayRepeat) {
          this.call = withRepairTurn(this.#options.call, fault);
          return this.#again(target, 0);
        }
        this.call = this.#options.call;
        break;
      case 'NEXT_LARGER':
        this.#queue = this.#queue.filter(
          ({ contextWindow }) => (contextWindow ?? 0) > (target.contextWindow ?? 0),
        );
        break;
      case 'NEXT':
        break;
      case 'STOP':
        if (fault.kind === 'FILTERED' && alias.fallbackOnFilter) break;
        throw this.exhausted();
    }
    if (!fallback) throw this.exhausted();
  }

  async #again(target: Target, pauseMs: number): Promise<void> {
    this.#repeated.add(target.id);
    if (pauseMs >= this.#options.remainingMs()) return;
    try {
      if (pauseMs > 0) await this.#parts.pause(pauseMs, this.#options.signal);
    } catch {
      throw this.exhausted();
    }
    this.#queue.unshift(target);
  }

  /** The error of the call, when no target is left. */
  exhausted(): AiError {
    const { attempts } = this.#options.record;
    const details = { model: attempts.at(-1)?.model, attempts };
    if (this.#lastFault !== null) return errorOf(this.#lastFault, details);
    if (this.#skippedMs !== null) {
      return errorOf(new Fault('UPSTREAM', { retryAfterMs: this.#skippedMs }), {
        ...details,
        circuit: 'OPEN_CIRCUIT',
      });
    }
    const { messages, output } = this.call;
    return errorOf(new Fault('TOO_LONG'), {
      ...details,
      limitTokens: Math.max(0, ...this.#options.targets.map(({ contextWindow }) => contextWindow ?? 0)),
      estimatedTokens: estimateInput(messages, output),
    });
  }

  #note(
    target: Target,
    { startedAt, ...what }: Omit<Attempt, 'model' | 'latencyMs'> & { readonly startedAt: number },
  ): void {
    const latencyMs = Math.round(performance.now() - startedAt);
    this.#options.record.attempts.push({ model: target.id, ...what, latencyMs });
  }
}

/** Targets whose window surely is too small are not asked. The estimate is upward, so a quarter more is let through. */
function fitting(targets: readonly Target[], { messages, output }: ModelCall): Target[] {
  const surely = estimateInput(messages, output) * 0.75;
  return targets.filter(({ contextWindow }) => contextWindow === undefined || surely <= contextWindow);
}

function withRepairTurn(call: ModelCall, { details }: Fault): ModelCall {
  const { text = '', reason = '' } = details.invalid ?? {};
  const turns = [
    { role: 'assistant', content: text === '' ? '(empty)' : text },
    {
      role: 'user',
      content: `That answer is not of the asked type: ${reason}. Answer again, with the corrected JSON only.`,
    },
  ] as const;
  return { ...call, messages: [...call.messages, ...turns] };
}
