import type { SubgraphAnswer } from '../execute/subgraph/subgraphRequest.ts';

/** What subgraphs answered to the operations of one HTTP request: several where it is a batch. */
export class AnsweredRequest {
  readonly #answers: (readonly SubgraphAnswer[])[] = [];
  #mayBeStored = true;

  /**
   * Called when an operation begins, in the order of the batch.
   * @returns its place in it, for `add`
   */
  begin(): number {
    return this.#answers.push([]) - 1;
  }

  /** @param answers in the order of the plan */
  add(place: number, answers: readonly SubgraphAnswer[]): void {
    this.#answers[place] = answers;
  }

  /** Called for a mutation, and for an operation with errors, or one that rules decide on: its answer must not be stored. */
  refuseStorage(): void {
    this.#mayBeStored = false;
  }

  /** Whether there are answers, and no operation has refused it. */
  get mayBeStored(): boolean {
    return this.#mayBeStored && this.#answers.length > 0 && this.#answers.every(({ length }) => length > 0);
  }

  /** All answers, those to the first operation first. */
  get answers(): readonly SubgraphAnswer[] {
    return this.#answers.flat();
  }
}
