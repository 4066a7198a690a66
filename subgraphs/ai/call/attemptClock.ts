import type { TimeoutPhase } from './fault.ts';

/** The reason of a signal that a deadline aborted. */
export class Expired extends Error {
  override readonly name = 'Expired';
  readonly phase: TimeoutPhase;

  constructor(phase: TimeoutPhase) {
    super(`the deadline ${phase} has passed`);
    this.phase = phase;
  }
}

/** The deadlines of one attempt. Its signal aborts the provider's request, and that closes the socket. */
export interface AttemptClock {
  readonly signal: AbortSignal;
  /** Replaces the deadline of the phase before; the one of the whole attempt stays. */
  expect(phase: TimeoutPhase, withinMs: number): void;
  /** Ends the timers; must be called when the attempt has ended. */
  stop(): void;
}

/** @param parent of the whole call: aborted by its deadline, or when the caller has gone */
export function startAttemptClock(parent: AbortSignal, attemptMs: number): AttemptClock {
  const controller = new AbortController();
  const onParent = () => controller.abort(parent.reason);
  if (parent.aborted) onParent();
  parent.addEventListener('abort', onParent, { once: true });
  const whole = setTimeout(() => controller.abort(new Expired('TOTAL')), attemptMs);
  let phaseTimer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    expect(phase, withinMs) {
      clearTimeout(phaseTimer);
      phaseTimer = setTimeout(() => controller.abort(new Expired(phase)), withinMs);
    },
    stop() {
      clearTimeout(whole);
      clearTimeout(phaseTimer);
      parent.removeEventListener('abort', onParent);
    },
  };
}

/** The deadline of a whole call, all attempts and pauses. */
export interface CallDeadline {
  readonly signal: AbortSignal;
  remainingMs(): number;
  stop(): void;
}

export function startCallDeadline(caller: AbortSignal, totalMs: number): CallDeadline {
  const controller = new AbortController();
  const onCaller = () => controller.abort(caller.reason);
  if (caller.aborted) onCaller();
  caller.addEventListener('abort', onCaller, { once: true });
  const endsAt = performance.now() + totalMs;
  const timer = setTimeout(() => controller.abort(new Expired('TOTAL')), totalMs);
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, endsAt - performance.now()),
    stop() {
      clearTimeout(timer);
      caller.removeEventListener('abort', onCaller);
    },
  };
}
