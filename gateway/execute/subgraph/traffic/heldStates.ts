/** What policies know of a subgraph, such as that its circuit breaker is open. */
export interface HeldState<State> {
  readonly state: State;
  /** Ends the hold. What nobody holds is forgotten. */
  release(): void;
}

/** A state, and what is to be done when it is forgotten. */
export interface MadeState<State> {
  readonly state: State;
  readonly forget?: () => void;
}

/**
 * What policies have learned, for as long as some engine uses it. It lives with the process and not with an engine, so that a
 * swap does not forget which instance fails. Who asks with the same key gets the same state: the key has all that it depends on.
 */
export class HeldStates {
  readonly #held = new Map<string, { readonly made: MadeState<unknown>; holders: number }>();

  /** How many states are held. */
  get size(): number {
    return this.#held.size;
  }

  hold<State>(key: string, make: () => MadeState<State>): HeldState<State> {
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { made: make(), holders: 0 };
      this.#held.set(key, held);
    }
    const mine = held;
    mine.holders += 1;
    let isHeld = true;
    return {
      // one key is of one kind of state
      state: mine.made.state as State,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        mine.holders -= 1;
        if (mine.holders > 0) return;
        this.#held.delete(key);
        mine.made.forget?.();
      },
    };
  }
}
