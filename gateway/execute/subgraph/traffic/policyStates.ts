import type { HeldState, HeldStates, MadeState } from './heldStates.ts';

export interface PolicyStatesOptions {
  readonly subgraph: string;
  readonly url: string;
  readonly states: HeldStates;
}

/** The states of one subgraph's policies, as one engine holds them. */
export class PolicyStates {
  readonly #options: PolicyStatesOptions;
  readonly #held: HeldState<unknown>[] = [];

  constructor(options: PolicyStatesOptions) {
    this.#options = options;
  }

  /**
   * What a policy knows already, where the subgraph has the same URL, and the policy the same settings.
   * @param options all that the state is made by, as JSON can say it
   */
  get<State>(policy: string, options: object, make: () => MadeState<State>): State {
    const { subgraph, url, states } = this.#options;
    const held = states.hold(JSON.stringify([policy, subgraph, url, options]), make);
    this.#held.push(held);
    return held.state;
  }

  release(): void {
    for (const held of this.#held) held.release();
  }
}
