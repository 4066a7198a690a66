import { GatewayError } from '../../../errors.ts';
import { Cancellation } from '../../../runtime/cancellation.ts';
import { Budget } from './budget.ts';
import { LatencyEstimate } from './latencyEstimate.ts';
import type { PolicyContext } from './policyContext.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';
import type { Policy, SendCall, SubgraphCall } from './subgraphCall.ts';

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
  const { latency, budget } = states.get('hedging', options, () => {
    const state = {
      latency: new LatencyEstimate(percentile),
      budget: new Budget({ percent: budgetPercent, minPerSecond: 0, ttlMs: BUDGET_TTL_MS }),
    };
    const read = (): number => Math.max(minMs, state.latency.valueMs ?? 0) / 1000;
    return { state, forget: telemetry.observe('hedgingDelay', read, attributes) };
  });
  const onSent = (): void => telemetry.record('hedges', 1, attributes);
  const onWon = (): void => telemetry.record('hedgeWins', 1, attributes);
  return (next) => (call) => {
    if (!call.isRepeatable) return next(call);
    budget.deposit();
    const startedAtMs = performance.now();
    const slowMs = latency.valueMs === undefined ? undefined : Math.max(minMs, latency.valueMs);
    const answer =
      slowMs === undefined || startedAtMs + slowMs >= call.deadlineMs
        ? next(call)
        : sendHedged(call, { next, slowMs, budget, onSent, onWon });
    answer.then(
      ({ isFailure }) => {
        if (!isFailure) latency.add(performance.now() - startedAtMs);
      },
      // no answer has no duration: with those of a time that has passed, nothing would be slow any more
      () => {},
    );
    return answer;
  };
}

interface Hedge {
  readonly next: SendCall;
  readonly slowMs: number;
  readonly budget: Budget;
  readonly onSent: () => void;
  readonly onWon: () => void;
}

function sendHedged(
  call: SubgraphCall,
  { next, slowMs, budget, onSent, onWon }: Hedge,
): Promise<ReceivedAnswer> {
  const { cancellation, tried = new Set() } = call;
  return new Promise((resolve, reject) => {
    const legs: Cancellation[] = [];
    let running = 0;
    /** What one came to that is no good answer, while the other may bring one. */
    let kept: (() => void) | undefined;
    const cancelAll = (): void => {
      clearTimeout(timer);
      for (const leg of legs) leg.cancel();
    };
    const settle = (tell: () => void): void => {
      cancellation.offCancel(cancelAll);
      tell();
      cancelAll();
    };
    const fail = (tell: () => void, isRefusal: boolean): void => {
      running -= 1;
      // that a second call was not sent says nothing
      if (kept === undefined || !isRefusal) kept = tell;
      if (running === 0) settle(kept);
    };
    const send = (isSpare: boolean): void => {
      const leg = new Cancellation();
      legs.push(leg);
      running += 1;
      next({ ...call, cancellation: leg, tried, isSpare }).then(
        (answer) => {
          if (answer.isFailure) {
            fail(() => resolve(answer), false);
            return;
          }
          if (isSpare && !leg.isCancelled) onWon();
          settle(() => resolve(answer));
        },
        (error: unknown) => fail(() => reject(error), error instanceof GatewayError),
      );
    };
    const timer = setTimeout(() => {
      if (!budget.withdraw()) return;
      onSent();
      send(true);
    }, slowMs);
    send(call.isSpare === true);
    cancellation.onCancel(cancelAll);
  });
}
