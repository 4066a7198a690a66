const windowMs = 60_000;
/** Above this many usernames the oldest windows are dropped: names that nobody has cost bounded memory. */
const maxUsernames = 10_000;

/** Counts sign-in attempts per username in windows of a minute; in memory, so each process counts its own. */
export class SignInAttempts {
  readonly #perMinute: number;
  readonly #windows = new Map<string, { startedAt: number; count: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /**
   * Takes one attempt.
   *
   * @returns `null` when it may be made, or the seconds until the next one may
   */
  take(username: string, now: number): number | null {
    const window = this.#windows.get(username);
    if (!window || now - window.startedAt >= windowMs) {
      this.#windows.delete(username);
      this.#windows.set(username, { startedAt: now, count: 1 });
      this.#drop(now);
      return null;
    }
    if (window.count >= this.#perMinute) return Math.ceil((window.startedAt + windowMs - now) / 1000);
    window.count += 1;
    return null;
  }

  /** A Map keeps the order of insertion, which here is the order of the windows' starts. */
  #drop(now: number): void {
    for (const [username, window] of this.#windows) {
      if (now - window.startedAt < windowMs && this.#windows.size <= maxUsernames) return;
      this.#windows.delete(username);
    }
  }
}
