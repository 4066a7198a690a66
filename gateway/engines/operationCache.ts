import type { OperationKey, UsedOperation } from '../operation/usedOperation.ts';

export interface OperationCacheOptions<Prepared> {
  /** What was used least lately goes when the entries are estimated to take more. */
  readonly maxBytes: number;
  /** Estimated memory of a prepared operation, beside its text. */
  readonly bytesOf: (prepared: Prepared) => number;
  /** For how long a failed preparation stands for those that ask again; 0 = not at all. */
  readonly failedForMs: (error: unknown) => number;
}

interface Entry<Prepared> {
  readonly prepared: Promise<Prepared>;
  readonly source: string;
  readonly operation: OperationKey;
  bytes: number;
  uses: number;
  /** Whether it was asked for since the hand last passed it. */
  isRecent: boolean;
}

/** Uses count half as much after each of these. */
const HALVING_INTERVAL_MS = 60_000;
/** The entry itself, its key and its promise. */
const ENTRY_BYTES = 1_000;
/** The text and the document that was parsed of it, measured for operations of 13 to 25,000 characters. */
const BYTES_PER_CHARACTER = 60;

/**
 * What was prepared of operations, by text and name: each is prepared once, however many documents of that text are parsed,
 * and requests that come meanwhile wait for the same.
 *
 * A hit costs a look-up and two writes: not the order of the entries but a bit says what was used (the "clock" of operating
 * systems), since a hit that reorders a map costs three times as much.
 */
export class OperationCache<Prepared> {
  readonly #options: OperationCacheOptions<Prepared>;
  readonly #entries = new Map<string, Entry<Prepared>>();
  readonly #halving: NodeJS.Timeout;
  #bytes = 0;

  constructor(options: OperationCacheOptions<Prepared>) {
    this.#options = options;
    this.#halving = setInterval(() => this.halveUses(), HALVING_INTERVAL_MS).unref();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Estimated memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What was prepared, or is being prepared; `undefined` when that has to be done. */
  get(operation: OperationKey): Promise<Prepared> | undefined {
    const entry = this.#entries.get(keyOf(operation));
    if (entry === undefined) return undefined;
    entry.uses += 1;
    entry.isRecent = true;
    return entry.prepared;
  }

  /**
   * Keeps what is being prepared.
   * @param uses how often it was asked for already
   */
  set(
    operation: OperationKey,
    { prepared, source, uses = 1 }: { prepared: Promise<Prepared>; source: string; uses?: number },
  ): void {
    const key = keyOf(operation);
    this.#delete(key);
    const entry: Entry<Prepared> = {
      prepared,
      source,
      operation,
      uses,
      bytes: ENTRY_BYTES + source.length * BYTES_PER_CHARACTER,
      isRecent: false,
    };
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
    prepared.then(
      (value) => this.#grow(key, entry, this.#options.bytesOf(value)),
      (error: unknown) => this.#forget(key, entry, this.#options.failedForMs(error)),
    );
    this.#shrink();
  }

  /** The operations asked for most, most first. */
  mostUsed(limit: number): readonly UsedOperation[] {
    return Array.from(this.#entries.values())
      .filter(({ uses }) => uses > 0)
      .sort((a, b) => b.uses - a.uses)
      .slice(0, limit)
      .map(({ source, uses, operation }) => ({ ...operation, source, uses }));
  }

  /** Lets what is longer ago count less. Called every minute. */
  halveUses(): void {
    for (const entry of this.#entries.values()) entry.uses = Math.floor(entry.uses / 2);
  }

  /** Stops its clock. */
  close(): void {
    clearInterval(this.#halving);
  }

  #grow(key: string, entry: Entry<Prepared>, bytes: number): void {
    if (this.#entries.get(key) !== entry) return;
    entry.bytes += bytes;
    this.#bytes += bytes;
    this.#shrink();
  }

  #forget(key: string, entry: Entry<Prepared>, afterMs: number): void {
    const forget = (): void => {
      if (this.#entries.get(key) === entry) this.#delete(key);
    };
    if (afterMs <= 0) forget();
    else setTimeout(forget, afterMs).unref();
  }

  #shrink(): void {
    // a map keeps the order of insertion: what the hand passes goes to the end
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#options.maxBytes || this.#entries.size === 1) return;
      if (entry.isRecent) {
        entry.isRecent = false;
        this.#entries.delete(key);
        this.#entries.set(key, entry);
      } else this.#delete(key);
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

function keyOf({ sourceHash, operationName, variant }: OperationKey): string {
  return `${sourceHash} ${variant} ${operationName}`;
}
