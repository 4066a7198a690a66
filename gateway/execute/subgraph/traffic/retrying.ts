import { GatewayError } from '../../../errors.ts';
import type { Cancellation } from '../../../runtime/cancellation.ts';
import { ExchangeEnded } from '../exchange.ts';
import { Budget, type BudgetOptions } from './budget.ts';
import type { PolicyContext } from './policyContext.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';
import { retryAfterMs } from './retryAfter.ts';
import type { CallProgress, Policy, SendCall, SubgraphCall } from './subgraphCall.ts';
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
    const retries = new Retries(next, options, { ...context, budget });
    return (call) => {
      if (call.isRepeatable) return retries.send(call);
      return next({ ...call, deadlineMs: Math.min(call.deadlineMs, performance.now() + timeoutMs) });
    };
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

  /** As most calls are answered at once, what a retry needs is made when there is one. */
  send(call: SubgraphCall): Promise<ReceivedAnswer> {
    this.#context.budget.deposit();
    const progress: CallProgress = { hasBegun: false, tried: [] };
    return this.#try(call, progress).then(
      (answer) => (this.#isRetried(answer) ? this.#again(call, progress, Promise.resolve(answer)) : answer),
      (error: unknown) => this.#again(call, progress, Promise.reject(error)),
    );
  }

  #try(call: SubgraphCall, progress: CallProgress): Promise<ReceivedAnswer> {
    const deadlineMs = Math.min(call.deadlineMs, performance.now() + this.#context.timeoutMs);
    return this.#next({ ...call, deadlineMs, progress });
  }

  /** @param first what the first try came to */
  async #again(
    call: SubgraphCall,
    progress: CallProgress,
    first: Promise<ReceivedAnswer>,
  ): Promise<ReceivedAnswer> {
    let outcome = first;
    for (let attempt = 1; ; attempt += 1) {
      const delayMs = await outcome.then(
        (answer) => this.#delayMs(call, attempt, this.#isRetried(answer) ? 'status' : undefined, answer),
        (error: unknown) => this.#delayMs(call, attempt, progress.hasBegun ? undefined : reasonOf(error)),
      );
      if (delayMs === undefined) return outcome;
      await pause(delayMs, call.cancellation);
      const next = this.#try(call, progress);
      // a call that was not sent says nothing of what the subgraph answers
      if (await wasRefused(next)) return outcome;
      outcome = next;
    }
  }

  #isRetried({ status }: ReceivedAnswer): boolean {
    return status >= 400 && this.#options.statuses.includes(status);
  }

  /** @returns what is to be waited before the next try; `undefined` where there is none */
  #delayMs(
    { cancellation, deadlineMs }: SubgraphCall,
    attempt: number,
    reason: RetryReason | undefined,
    answer?: ReceivedAnswer,
  ): number | undefined {
    const { maxAttempts, intervalMs, maxIntervalMs } = this.#options;
    if (reason === undefined || attempt >= maxAttempts || cancellation.isCancelled) return undefined;
    const { budget, telemetry, subgraph, isStopped } = this.#context;
    if (isStopped()) return undefined;
    const asked = retryAfterMs(answer?.header('retry-after'), Date.now());
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
}

type RetryReason = 'status' | 'timeout' | 'connection';

function reasonOf(error: unknown): RetryReason | undefined {
  if (verdictOfError(error) !== 'failed') return undefined;
  return error instanceof ExchangeEnded ? 'timeout' : 'connection';
}

function wasRefused(answer: Promise<ReceivedAnswer>): Promise<boolean> {
  return answer.then(
    () => false,
    (error: unknown) => error instanceof GatewayError,
  );
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
