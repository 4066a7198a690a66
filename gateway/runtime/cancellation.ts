/**
 * Tells work that nobody waits for its result any more. An `AbortSignal` says the same, but making one, and each listener on it,
 * costs more than a small request to a subgraph may.
 */
export class Cancellation {
  /** The only listener, as mostly; with a second, a set is made for all that come after the first. */
  #first: (() => void) | undefined;
  #others: Set<() => void> | undefined;
  #isCancelled = false;
  #controller: AbortController | undefined;

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** The same as an `AbortSignal`, for whoever wants one; made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.onCancel(() => controller.abort());
    }
    return this.#controller.signal;
  }

  /** Calls every listener, once. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    const [first, others] = [this.#first, this.#others];
    this.#first = undefined;
    this.#others = undefined;
    first?.();
    for (const listener of others ?? []) listener();
  }

  /** Calls back when it is cancelled: at once when it is already. */
  onCancel(listener: () => void): void {
    if (this.#isCancelled) listener();
    else if (this.#first === undefined) this.#first = listener;
    else this.#others = (this.#others ?? new Set()).add(listener);
  }

  offCancel(listener: () => void): void {
    if (this.#first === listener) this.#first = undefined;
    else this.#others?.delete(listener);
  }
}
