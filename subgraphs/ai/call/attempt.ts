import type { LanguageModelV3FinishReason, LanguageModelV3StreamPart } from '@ai-sdk/provider';
import type { Target } from '../models/models.ts';
import type { TokenUsage } from '../money/contract.ts';
import { estimateTokens } from '../money/tokenUsage.ts';
import { startAttemptClock } from './attemptClock.ts';
import { classifyError } from './classifyError.ts';
import { Fault } from './fault.ts';
import type { FinishReason, ModelCall } from './modelCall.ts';
import type { ProviderClients } from './providerClients.ts';
import { providerRequest } from './providerRequest.ts';
import { estimateInput, guessUsage, readUsage } from './tokens.ts';

export interface AttemptOptions {
  readonly call: ModelCall;
  readonly target: Target;
  readonly clients: ProviderClients;
  /** Of the whole call. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: TokenUsage;
  /** From the request to the first delta; `null` when the answer came in one piece. */
  readonly firstTokenMs: number | null;
}

/**
 * Asks one target once and waits for the whole answer.
 *
 * @throws Fault, and nothing else
 */
export async function attempt({ call, target, clients, signal }: AttemptOptions): Promise<Answer> {
  if (signal.aborted) throw classifyError(signal.reason, signal);
  const clock = startAttemptClock(signal, call.alias.timeouts.attemptMs);
  const inputTokens = estimateInput(call.messages, call.output);
  try {
    const client = await clients.clientOf(target.provider);
    const result = await client
      .languageModel(target)
      .doGenerate({ ...providerRequest(call, target, client), abortSignal: clock.signal });
    if (result.finishReason.unified === 'error') throw new Fault('UPSTREAM');
    const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return {
      text,
      finishReason: finishReasonOf(result.finishReason),
      usage: readUsage(result.usage, { inputTokens, outputTokens: estimateTokens(text) }),
      firstTokenMs: null,
    };
  } catch (error) {
    throw billed(classifyError(error, clock.signal), guessUsage(inputTokens));
  } finally {
    clock.stop();
  }
}

/**
 * Asks one target once and gives the text as it comes; returns the whole. Ending the loop early aborts the provider's
 * request: without that its socket stays open, and the tokens are paid for nobody.
 *
 * @throws Fault, and nothing else
 */
export async function* attemptStream({
  call,
  target,
  clients,
  signal,
}: AttemptOptions): AsyncGenerator<string, Answer, void> {
  if (signal.aborted) throw classifyError(signal.reason, signal);
  const { timeouts } = call.alias;
  const left = new AbortController();
  const clock = startAttemptClock(AbortSignal.any([signal, left.signal]), timeouts.attemptMs);
  const startedAt = performance.now();
  const inputTokens = estimateInput(call.messages, call.output);
  let text = '';
  let firstTokenMs: number | null = null;
  try {
    clock.expect('FIRST_TOKEN', timeouts.firstTokenMs);
    const client = await clients.clientOf(target.provider);
    const { stream } = await client
      .languageModel(target)
      .doStream({ ...providerRequest(call, target, client), abortSignal: clock.signal });
    for await (const part of stream as AsyncIterable<LanguageModelV3StreamPart>) {
      // the stall of a stream without an error is only seen in this signal
      clock.signal.throwIfAborted();
      if (part.type === 'error') throw part.error;
      if (part.type === 'finish') {
        if (part.finishReason.unified === 'error') throw new Fault('UPSTREAM');
        return {
          text,
          finishReason: finishReasonOf(part.finishReason),
          usage: readUsage(part.usage, { inputTokens, outputTokens: estimateTokens(text) }),
          firstTokenMs,
        };
      }
      const hasBegun = part.type === 'text-delta' || part.type === 'reasoning-delta';
      if (hasBegun) clock.expect('IDLE', timeouts.idleMs);
      if (part.type !== 'text-delta' || part.delta === '') continue;
      firstTokenMs ??= performance.now() - startedAt;
      text += part.delta;
      yield part.delta;
    }
    // a stream that ends without its last part was cut
    throw new Fault('UPSTREAM');
  } catch (error) {
    const fault = classifyError(error, clock.signal);
    const guess = guessUsage(inputTokens, estimateTokens(text));
    // once a delta is with the caller nothing can be tried again, and what came is paid
    if (text === '') throw billed(fault, guess);
    const kind = fault.kind === 'TIMEOUT' || fault.kind === 'ABORTED' ? fault.kind : 'INTERRUPTED';
    throw new Fault(kind, { ...fault.details, usage: guess });
  } finally {
    clock.stop();
    left.abort();
  }
}

/** A provider that was given up has read the input, and may bill it; one that refused or failed has not. */
function billed(fault: Fault, guess: TokenUsage): Fault {
  if (fault.kind !== 'TIMEOUT' && fault.kind !== 'ABORTED') return fault;
  if (fault.details.phase === 'CONNECT') return fault;
  return new Fault(fault.kind, { ...fault.details, usage: guess });
}

function finishReasonOf({ unified, raw }: LanguageModelV3FinishReason): FinishReason {
  // the Mistral package does not know that reason of Mistral's
  if (unified === 'content-filter' || raw === 'content_filter') return 'CONTENT_FILTER';
  if (unified === 'length') return 'LENGTH';
  return unified === 'stop' || unified === 'tool-calls' ? 'STOP' : 'OTHER';
}
