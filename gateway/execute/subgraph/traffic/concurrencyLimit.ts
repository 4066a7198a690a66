import { GatewayError } from '../../../errors.ts';
import { ExchangeEnded } from '../exchange.ts';
import type { PolicyContext } from './policyContext.ts';
import type { ReceivedAnswer } from './receivedAnswer.ts';
import type { Policy, SubgraphCall } from './subgraphCall.ts';

export interface ConcurrencyOptions {
  /** Calls in flight at a time; `undefined` = as many as there are connections. */
  readonly max: number | undefined;
  /** Calls that may wait for one of those to end. */
  readonly maxQueue: number;
  readonly maxWaitMs: number;
}

/**
 * Bounds the calls in flight to a subgraph, and those that wait: what does not fit is refused at once. A subgraph that hangs
 * would otherwise hold more of the gateway with each request until its memory is gone, and a queue that takes longer than clients
 * wait makes the subgraph work for nobody. The wait is short because only bursts are to be evened out.
 *
 * @param connections how many calls the connections to the subgraph carry at a time
 */
export function limitingConcurrency(
  options: ConcurrencyOptions,
  { connections, ...context }: PolicyContext & { readonly connections: () => number },
): Policy {
  const { subgraph, telemetry, states } = context;
  const attributes = { 'subgraph.name': subgraph };
  const slots = states.get('concurrency', options, () => {
    const state = new CallSlots();
    const unobserve = [
      telemetry.observe('subgraphInFlight', () => state.inFlight, attributes),
      telemetry.observe('subgraphQueue', () => state.waiting, attributes),
    ];
    return { state, forget: () => unobserve.forEach((stop) => void stop()) };
  });
  const { maxQueue, maxWaitMs, max } = options;
  const refusal = (): GatewayError => {
    telemetry.record('subgraphShed', 1, attributes);
    const reason = 'too many requests are in flight';
    return new GatewayError('REQUEST_CONCURRENCY_LIMITED', {
      message: `No request sent to '${subgraph}': ${reason}`,
      // the answer has the data of the others
      status: null,
      subgraph,
      extensions: { reason },
    });
  };
  return (next) => {
    const send = (call: SubgraphCall): Promise<ReceivedAnswer> => {
      const answer = next(call);
      answer.then(slots.leave, slots.leave);
      return answer;
    };
    return (call) => {
      slots.max = max ?? connections();
      if (slots.enter()) return send(call);
      if (call.isSpare === true || slots.waiting >= maxQueue) return Promise.reject(refusal());
      return new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          call.cancellation.offCancel(onCancel);
          slots.stopWaiting(onTurn);
        };
        const onTurn = (): void => {
          end();
          resolve(send(call));
        };
        const leftMs = Math.max(1, call.deadlineMs - performance.now());
        const onLate = (): void => {
          end();
          reject(leftMs > maxWaitMs ? refusal() : new ExchangeEnded('deadline'));
        };
        const onCancel = (): void => {
          end();
          reject(new ExchangeEnded('clientGone'));
        };
        const timer = setTimeout(onLate, Math.min(maxWaitMs, leftMs));
        slots.wait(onTurn);
        call.cancellation.onCancel(onCancel);
      });
    };
  };
}

/** Who is in flight, and who waits, first come first served. */
class CallSlots {
  max = 1;
  #inFlight = 0;
  readonly #waiting = new Set<() => void>();

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  enter(): boolean {
    // who came before goes first
    if (this.#inFlight >= this.max || this.#waiting.size > 0) return false;
    this.#inFlight += 1;
    return true;
  }

  wait(onTurn: () => void): void {
    this.#waiting.add(onTurn);
  }

  stopWaiting(onTurn: () => void): void {
    this.#waiting.delete(onTurn);
  }

  readonly leave = (): void => {
    this.#inFlight -= 1;
    for (const onTurn of this.#waiting) {
      if (this.#inFlight >= this.max) return;
      this.#waiting.delete(onTurn);
      this.#inFlight += 1;
      onTurn();
    }
  };
}
