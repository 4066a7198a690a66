import type { Logger } from 'pino';
import type { JwtAlgorithm } from './jwtSettings.ts';
import type { VerificationKey } from './readKeySet.ts';
import type { RefusalReason } from './refusals.ts';

export interface KeySetOptions {
  /** For logs: a URL without its secrets, or a path. */
  readonly name: string;
  /** Reads the text of the set anew. */
  readonly read: (signal: AbortSignal) => Promise<string>;
  /** @throws Error with words for the log when the text is not a set of keys */
  readonly parse: (text: string) => readonly VerificationKey[];
  readonly pollIntervalMs: number;
  /** The least time between two reads that unknown key ids cause. */
  readonly unknownKidFloorMs: number;
  /** How long a request waits for a read; it is refused after that, and the read goes on. */
  readonly maxWaitMs: number;
  readonly log: Logger;
  /** Milliseconds of a clock. */
  readonly now?: () => number;
}

/** What is said of a token's key before any signature is checked. */
export interface KeyQuestion {
  readonly kid: string | undefined;
  readonly algorithm: JwtAlgorithm;
}

export type KeyAnswer =
  | { readonly kind: 'found'; readonly keys: readonly VerificationKey[] }
  | {
      readonly kind: 'none';
      readonly reason: Extract<
        RefusalReason,
        'CANNOT_FIND_KID' | 'CANNOT_FIND_SUITABLE_KEY' | 'KEYS_UNAVAILABLE'
      >;
    };

/** While no key was ever read, requests may cause a read this often, and polling tries again no later than this. */
const FIRST_READ_FLOOR_MS = 1_000;
const MAX_RETRY_MS = 30_000;

/**
 * The keys of one issuer. They are polled, and read at once when a token names a key that is not known, with a floor
 * between two such reads: tokens with made-up key ids must not become a flood at the issuer. A read that fails, or brings
 * no keys, leaves the keys before in force; what a new set no longer holds is refused from then on.
 */
export class KeySet {
  readonly #options: KeySetOptions;
  readonly #now: () => number;
  readonly #stopped = new AbortController();
  #text: string | undefined;
  #keys: readonly VerificationKey[] | undefined;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #lastAttemptAt = Number.NEGATIVE_INFINITY;
  #lastUnknownKidAt = Number.NEGATIVE_INFINITY;
  #version = 0;

  constructor(options: KeySetOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Grows with every change of the keys in force: what was verified with those before is not known any more. */
  get version(): number {
    return this.#version;
  }

  /** Reads for the first time, and polls from then on. The promise is for those who want to wait; it never rejects. */
  start(): Promise<void> {
    return this.#read();
  }

  /**
   * Reads for the first time and throws what goes wrong, for keys that lie on this machine.
   * @throws Error
   */
  async startStrictly(): Promise<void> {
    this.#take(await this.#options.read(this.#stopped.signal));
    this.#schedule();
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  /** Finds keys that may have signed a token. Resolves after `maxWaitMs` at the latest. */
  async find(question: KeyQuestion): Promise<KeyAnswer> {
    if (this.#keys === undefined) {
      if (this.#reading !== undefined || this.#now() - this.#lastAttemptAt >= FIRST_READ_FLOOR_MS) {
        await this.#waitForRead();
      }
      if (this.#keys === undefined) return { kind: 'none', reason: 'KEYS_UNAVAILABLE' };
    }
    const { kid } = question;
    if (kid !== undefined && !this.#knows(kid)) await this.#askForUnknownKid();
    const named = kid === undefined ? [] : this.#keys.filter((key) => key.kid === kid);
    // a key without an id may be any; that it is the right one is what the signature proves
    const candidates =
      named.length > 0 ? named : this.#keys.filter((key) => kid === undefined || key.kid === undefined);
    const keys = candidates.filter((key) => key.fits(question.algorithm));
    if (keys.length > 0) return { kind: 'found', keys };
    const reason = candidates.length === 0 ? 'CANNOT_FIND_KID' : 'CANNOT_FIND_SUITABLE_KEY';
    return { kind: 'none', reason };
  }

  #knows(kid: string): boolean {
    return this.#keys?.some((key) => key.kid === kid || key.kid === undefined) ?? false;
  }

  async #askForUnknownKid(): Promise<void> {
    if (this.#reading === undefined) {
      const now = this.#now();
      if (now - this.#lastUnknownKidAt < this.#options.unknownKidFloorMs) return;
      this.#lastUnknownKidAt = now;
    }
    await this.#waitForRead();
  }

  async #waitForRead(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.maxWaitMs);
    });
    await Promise.race([this.#read(), late]);
    clearTimeout(timer);
  }

  /** One read at a time; who asks meanwhile waits for it. */
  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
      this.#schedule();
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    const { read, log, name } = this.#options;
    this.#lastAttemptAt = this.#now();
    try {
      this.#take(await read(this.#stopped.signal));
      if (this.#failures > 0) log.info({ keySet: name }, 'the key set can be read again');
      this.#failures = 0;
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#failures += 1;
      const reason = error instanceof Error ? error.message : String(error);
      const consequence =
        this.#keys === undefined ? 'tokens cannot be checked until then' : 'the keys before stay in force';
      // an outage of hours is told once, and once more when it ends
      const level = this.#failures === 1 ? 'warn' : 'debug';
      log[level]({ keySet: name }, `the key set could not be read: ${reason}; ${consequence}`);
    }
  }

  #take(text: string): void {
    if (text === this.#text) return;
    this.#keys = this.#options.parse(text);
    this.#text = text;
    this.#version += 1;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#stopped.signal.aborted) return;
    const { pollIntervalMs } = this.#options;
    const retryMs = Math.min(FIRST_READ_FLOOR_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
    const waitMs = this.#failures > 0 ? Math.min(retryMs, pollIntervalMs) : pollIntervalMs;
    // many gateways that start together must not poll together
    this.#timer = setTimeout(() => void this.#read(), waitMs * (0.9 + Math.random() * 0.2));
    this.#timer.unref();
  }
}
