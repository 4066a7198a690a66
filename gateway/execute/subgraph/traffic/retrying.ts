import { GatewayError } from '../../../errors.ts';
import type { Cancellation } from '../../../runtime/cancellation.ts';
import { ExchangeEnded } from '../exchange.ts';
import { Budget, type BudgetOptions } from './budget.ts';
import type { PolicyContext } from './policyContext.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';
import { retryAfterMs } from './retryAfter.ts';
import type { Policy, SendCall, SubgraphCall } from './subgraphCall.ts';
import { verdictOfError } from './verdict.ts';

export interface RetryOptions {
  /** Times that a query is sent in all. */
  readonly maxAttempts: number;
  /** What is waited before the second try is at most this, and twice as much each time. */
  readonly intervalMs: number;
  readonly maxIntervalMs: number;
  /** HTTP statuses after which it is sent again. */
  readonly statuses: readonly number[];
  readonly budget: BudgetOptions;
}

export interface RetryContext extends PolicyContext {
  /** Time for one try. */
  readonly timeoutMs: number;
  /** Whether it is known that nothing more will be let through. */
  readonly isStopped: () => boolean;
}

/** What a try came to. */
type Outcome =
  | { readonly kind: 'answer'; readonly answer: ReceivedAnswer }
  | { readonly kind: 'error'; readonly error: unknown; readonly hasBegun: boolean };

/**
 * Sends a query again that was not answered, not in time, or with a status that says so. Never a mutation, and never once an
 * answer has begun. The last outcome that says something of the subgraph is the one that is told.
 *
 * Between two tries it waits a random time of up to `intervalMs`, doubled each time: those who failed together do not come back
 * together. What the subgraph asks for by `Retry-After` is waited instead. What does not fit into the time that is left, or into the
 * budget, is not tried.
 *
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter", "Full Jitter".
 */
export function retrying(options: RetryOptions, context: RetryContext): Policy {
  const { timeoutMs, states } = context;
  const budget = states.get('retry budget', options.budget, () => ({ state: new Budget(options.budget) }));
  return (next) => {
    const inTime = (call: SubgraphCall): SubgraphCall => ({
      ...call,
      deadlineMs: Math.min(call.deadlineMs, performance.now() + timeoutMs),
    });
    const retries = new Retries((call) => next(inTime(call)), options, { ...context, budget });
    return (call) => (call.isRepeatable ? retries.send(call) : next(inTime(call)));
  };
}

class Retries {
  readonly #next: SendCall;
  readonly #options: RetryOptions;
  readonly #context: RetryContext & { readonly budget: Budget };

  constructor(next: SendCall, options: RetryOptions, context: RetryContext & { readonly budget: Budget }) {
    this.#next = next;
    this.#options = options;
    this.#context = context;
  }

  async send(call: SubgraphCall): Promise<ReceivedAnswer> {
    this.#context.budget.deposit();
    const tried = new Set<unknown>();
    let told: Outcome | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#try({ ...call, tried });
      // a call that was not sent says nothing of what the subgraph answers
      if (told === undefined || !wasRefused(outcome)) told = outcome;
      const delayMs = told === outcome ? this.#delayMs(call, outcome, attempt) : undefined;
      if (delayMs === undefined) return resultOf(told);
      await pause(delayMs, call.cancellation);
    }
  }

  async #try(call: SubgraphCall): Promise<Outcome> {
    let hasBegun = false;
    const onAnswering = (): void => {
      hasBegun = true;
    };
    try {
      return { kind: 'answer', answer: await this.#next({ ...call, onAnswering }) };
    } catch (error) {
      return { kind: 'error', error, hasBegun };
    }
  }

  /** @returns what is to be waited before the next try; `undefined` where there is none */
  #delayMs(
    { cancellation, deadlineMs }: SubgraphCall,
    outcome: Outcome,
    attempt: number,
  ): number | undefined {
    const { maxAttempts, intervalMs, maxIntervalMs } = this.#options;
    const reason = this.#reasonFor(outcome);
    if (reason === undefined || attempt >= maxAttempts || cancellation.isCancelled) return undefined;
    const { budget, telemetry, subgraph, isStopped } = this.#context;
    if (isStopped()) return undefined;
    const asked =
      outcome.kind === 'answer' ? retryAfterMs(outcome.answer.header('retry-after'), Date.now()) : undefined;
    const longest = Math.min(maxIntervalMs, intervalMs * 2 ** Math.min(attempt - 1, 30));
    const delayMs = asked ?? Math.random() * longest;
    if (performance.now() + delayMs >= deadlineMs) return undefined;
    if (!budget.withdraw()) {
      telemetry.record('retryBudgetExhausted', 1, { 'subgraph.name': subgraph });
      return undefined;
    }
    telemetry.record('subgraphRetries', 1, { 'subgraph.name': subgraph, reason });
    return delayMs;
  }

  #reasonFor(outcome: Outcome): 'status' | 'timeout' | 'connection' | undefined {
    if (outcome.kind === 'answer')
      return this.#options.statuses.includes(outcome.answer.status) ? 'status' : undefined;
    if (outcome.hasBegun || verdictOfError(outcome.error) !== 'failed') return undefined;
    return outcome.error instanceof ExchangeEnded ? 'timeout' : 'connection';
  }
}

function wasRefused(outcome: Outcome): boolean {
  return outcome.kind === 'error' && outcome.error instanceof GatewayError;
}

function resultOf(outcome: Outcome): ReceivedAnswer {
  if (outcome.kind === 'error') throw outcome.error;
  return outcome.answer;
}

/** @throws ExchangeEnded when nobody waits any more */
function pause(delayMs: number, cancellation: Cancellation): Promise<void> {
  return new Promise((resolve, reject) => {
    const onCancel = (): void => {
      clearTimeout(timer);
      reject(new ExchangeEnded('clientGone'));
    };
    const timer = setTimeout(() => {
      cancellation.offCancel(onCancel);
      resolve();
    }, delayMs);
    cancellation.onCancel(onCancel);
  });
}
