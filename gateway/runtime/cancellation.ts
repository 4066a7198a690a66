/**
 * Tells work that nobody waits for its result any more. An `AbortSignal` says the same, but making one, and each listener on it,
 * costs more than a small request to a subgraph may.
 */
export class Cancellation {
  readonly #listeners = new Set<() => void>();
  #isCancelled = false;

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Calls every listener, once. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** Calls back when it is cancelled: at once when it is already. */
  onCancel(listener: () => void): void {
    if (this.#isCancelled) listener();
    else this.#listeners.add(listener);
  }

  offCancel(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** Is cancelled when the signal is aborted. */
  static from(signal: AbortSignal): Cancellation {
    const cancellation = new Cancellation();
    if (signal.aborted) cancellation.cancel();
    else signal.addEventListener('abort', () => cancellation.cancel(), { once: true });
    return cancellation;
  }
}
