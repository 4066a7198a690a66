/**
 * Tells work that nobody waits for its result any more. An `AbortSignal` says the same, but making one, and each listener on it,
 * costs more than a small request to a subgraph may.
 */
export class Cancellation {
  /** Made with the first: most requests end without any. */
  #listeners: Set<() => void> | undefined;
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
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }

  /** Calls back when it is cancelled: at once when it is already. */
  onCancel(listener: () => void): void {
    if (this.#isCancelled) listener();
    else this.#listeners = (this.#listeners ?? new Set()).add(listener);
  }

  offCancel(listener: () => void): void {
    this.#listeners?.delete(listener);
  }
}
