import { GatewayError } from '../../../errors.ts';
import { Cancellation } from '../../../runtime/cancellation.ts';
import { Budget } from './budget.ts';
import { LatencyEstimate } from './latencyEstimate.ts';
import type { PolicyContext } from './policyContext.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';
import type { CallProgress, Policy, SendCall, SubgraphCall } from './subgraphCall.ts';

export interface HedgingOptions {
  /** A query is slow when it takes longer than so many percent of the recent ones. */
  readonly percentile: number;
  /** It is not slow before this. */
  readonly minMs: number;
  /** At most this share of the queries is sent a second time, in percent. */
  readonly budgetPercent: number;
}

const BUDGET_TTL_MS = 10_000;

/**
 * Sends a slow query a second time, to another instance where there is one. The first answer is taken, and the other call
 * cancelled: a pause of one instance, or a packet that was lost, does not hold up a client. Few queries are sent twice, as most
 * are answered by then; where all are slow, the budget ends it.
 *
 * Source: Dean and Barroso, "The Tail at Scale", "Hedged requests".
 */
export function hedging(options: HedgingOptions, { subgraph, telemetry, states }: PolicyContext): Policy {
  const { percentile, minMs, budgetPercent } = options;
  const attributes = { 'subgraph.name': subgraph };
  const state = states.get('hedging', options, () => {
    const latency = new LatencyEstimate(percentile);
    const slowAfterMs = (): number => Math.max(minMs, latency.valueMs ?? 0);
    const budget = new Budget({ percent: budgetPercent, minPerSecond: 0, ttlMs: BUDGET_TTL_MS });
    const forget = telemetry.observe('hedgingDelay', () => slowAfterMs() / 1000, attributes);
    return { state: { latency, budget, slow: new SlowCalls(slowAfterMs) }, forget };
  });
  const { latency, budget, slow } = state;
  const context: HedgeContext = {
    slow,
    latency,
    maySend: () => {
      if (!budget.withdraw()) return false;
      telemetry.record('hedges', 1, attributes);
      return true;
    },
    onWon: () => telemetry.record('hedgeWins', 1, attributes),
  };
  return (next) => (call) => {
    if (!call.isRepeatable) return next(call);
    budget.deposit();
    return new HedgedCall(next, call, context).send();
  };
}

/** One for all calls: each would make its own. */
const NOTHING = (): void => {};

interface HedgeContext {
  readonly slow: SlowCalls;
  readonly latency: LatencyEstimate;
  /** Takes it from the budget. */
  readonly maySend: () => boolean;
  readonly onWon: () => void;
}

/** A query, which is sent a second time when it is slow. */
class HedgedCall {
  readonly startedAtMs = performance.now();
  /** Neighbours among those that are not slow yet. */
  before: HedgedCall | undefined;
  after: HedgedCall | undefined;
  readonly #next: SendCall;
  readonly #call: SubgraphCall;
  readonly #context: HedgeContext;
  readonly #progress: CallProgress;
  readonly #first = new Cancellation();
  #second: Cancellation | undefined;
  #running = 0;
  /** What one came to that is no good answer, while the other may bring one. */
  #kept: (() => void) | undefined;
  #resolve: (answer: ReceivedAnswer) => void = NOTHING;
  #reject: (error: unknown) => void = NOTHING;

  constructor(next: SendCall, call: SubgraphCall, context: HedgeContext) {
    this.#next = next;
    this.#call = call;
    this.#context = context;
    this.#progress = call.progress ?? { hasBegun: false, tried: [] };
  }

  send(): Promise<ReceivedAnswer> {
    const { slow, latency } = this.#context;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      // what is slow is not known before there is an estimate
      if (latency.valueMs !== undefined) slow.add(this);
      this.#send(this.#first, this.#call.isSpare);
      this.#call.cancellation.onCancel(this.#cancel);
    });
  }

  onSlow(): void {
    if (performance.now() >= this.#call.deadlineMs || !this.#context.maySend()) return;
    this.#second = new Cancellation();
    this.#send(this.#second, true);
  }

  #send(cancellation: Cancellation, isSpare = false): void {
    this.#running += 1;
    this.#next({ ...this.#call, cancellation, progress: this.#progress, isSpare }).then(
      (answer) => this.#onAnswer(answer, cancellation),
      (error: unknown) => this.#fail(() => this.#reject(error), error instanceof GatewayError),
    );
  }

  #onAnswer(answer: ReceivedAnswer, cancellation: Cancellation): void {
    if (answer.isFailure) {
      this.#fail(() => this.#resolve(answer), false);
      return;
    }
    // no answer has no duration: with those whose time has passed, nothing would be slow any more
    if (!cancellation.isCancelled) this.#context.latency.add(performance.now() - this.startedAtMs);
    if (cancellation === this.#second && !cancellation.isCancelled) this.#context.onWon();
    this.#resolve(answer);
    this.#end();
  }

  #fail(tell: () => void, isRefusal: boolean): void {
    this.#running -= 1;
    // that a second call was not sent says nothing
    if (this.#kept === undefined || !isRefusal) this.#kept = tell;
    if (this.#running > 0) return;
    this.#kept();
    this.#end();
  }

  #end(): void {
    this.#call.cancellation.offCancel(this.#cancel);
    this.#cancel();
  }

  readonly #cancel = (): void => {
    this.#context.slow.remove(this);
    this.#first.cancel();
    this.#second?.cancel();
  };
}

/** Calls that are not slow yet, oldest first. They have one timer: one for each would cost more than all else of a call. */
class SlowCalls {
  readonly #slowAfterMs: () => number;
  #oldest: HedgedCall | undefined;
  #newest: HedgedCall | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(slowAfterMs: () => number) {
    this.#slowAfterMs = slowAfterMs;
  }

  add(call: HedgedCall): void {
    call.before = this.#newest;
    if (this.#newest === undefined) this.#oldest = call;
    else this.#newest.after = call;
    this.#newest = call;
    if (this.#timer === undefined) this.#wait(this.#slowAfterMs());
  }

  remove(call: HedgedCall): void {
    const { before, after } = call;
    if (before === undefined && this.#oldest !== call) return;
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
    call.before = undefined;
    call.after = undefined;
  }

  #wait(waitMs: number): void {
    this.#timer = setTimeout(() => this.#tell(), waitMs);
    this.#timer.unref();
  }

  #tell(): void {
    this.#timer = undefined;
    const slowAfterMs = this.#slowAfterMs();
    for (let call = this.#oldest; call !== undefined; call = this.#oldest) {
      const leftMs = call.startedAtMs + slowAfterMs - performance.now();
      if (leftMs > 0) {
        this.#wait(leftMs);
        return;
      }
      this.remove(call);
      call.onSlow();
    }
  }
}
