export type Health = 'UP' | 'OPEN_CIRCUIT' | 'HALF_OPEN';

/** The state of one target: closed, open until a time, or open with its one probe under way. */
type Circuit =
  | { readonly phase: 'closed'; readonly failures: number }
  | { readonly phase: 'open'; readonly untilMs: number }
  | { readonly phase: 'probing' };

const failuresToOpen = 3;
const openMs = 30_000;

/** A circuit for each target: one that fails three times in a row is left alone for 30 s, then asked by one call. */
export class Circuits {
  readonly #states = new Map<string, Circuit>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether a call may go to the target now; the first one after the pause is the probe, and the others wait for it. */
  tryEnter(target: string): boolean {
    const state = this.#stateOf(target);
    switch (state.phase) {
      case 'closed':
        return true;
      case 'probing':
        return false;
      case 'open':
        if (this.#now() < state.untilMs) return false;
        this.#states.set(target, { phase: 'probing' });
        return true;
      default:
        return state satisfies never;
    }
  }

  succeeded(target: string): void {
    this.#states.delete(target);
  }

  /** @returns whether that has opened it; attempts that were under way when it opened say nothing new */
  failed(target: string): boolean {
    const state = this.#stateOf(target);
    const failures = state.phase === 'closed' ? state.failures + 1 : failuresToOpen;
    if (failures < failuresToOpen) {
      this.#states.set(target, { phase: 'closed', failures });
      return false;
    }
    this.open(target);
    return state.phase !== 'open';
  }

  /** At once: for a wrong key or an empty account. */
  open(target: string): void {
    this.#states.set(target, { phase: 'open', untilMs: this.#now() + openMs });
  }

  /** An attempt that says nothing about the target, such as one whose caller has gone: a probe may be made again. */
  undecided(target: string): void {
    if (this.#stateOf(target).phase === 'probing') {
      this.#states.set(target, { phase: 'open', untilMs: this.#now() });
    }
  }

  health(target: string): Health {
    const state = this.#stateOf(target);
    if (state.phase === 'closed') return 'UP';
    return state.phase === 'probing' || this.#now() >= state.untilMs ? 'HALF_OPEN' : 'OPEN_CIRCUIT';
  }

  /** How long until a call may enter; 0 when it may. */
  retryAfterMs(target: string): number {
    const state = this.#stateOf(target);
    return state.phase === 'open' ? Math.max(0, Math.ceil(state.untilMs - this.#now())) : 0;
  }

  #stateOf(target: string): Circuit {
    return this.#states.get(target) ?? { phase: 'closed', failures: 0 };
  }
}
