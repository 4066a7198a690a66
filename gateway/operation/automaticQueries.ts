import { createHash } from 'node:crypto';

/** Where gateways share what clients have registered. Neither waits for long, and neither throws. */
export interface SharedTexts {
  get(key: string): Promise<string | undefined>;
  set(key: string, text: string): Promise<void>;
}

export interface AutomaticQueriesOptions {
  readonly maxEntries: number;
  /** A longer document is not kept; its client sends it each time. */
  readonly maxDocumentBytes: number;
  readonly shared: SharedTexts | undefined;
  /** Whether a document that another gateway has registered may be served here. */
  readonly isAllowed: (text: string) => boolean;
}

/**
 * The documents that clients have registered by their hash, as Apollo Server keeps them: those used lately in memory, and
 * all where gateways share them. Source: Apollo Server, automatic persisted queries; keys are `apq:<hash>`.
 */
export class AutomaticQueries {
  readonly #options: AutomaticQueriesOptions;
  /** In the order in which they were used. */
  readonly #texts = new Map<string, string>();

  constructor(options: AutomaticQueriesOptions) {
    this.#options = options;
  }

  async get(key: string): Promise<string | undefined> {
    const known = this.#texts.get(key);
    if (known !== undefined) {
      this.#keep(key, known);
      return known;
    }
    const { shared, isAllowed } = this.#options;
    // a key comes from the client, whatever it is
    const hash = HASH_KEY.exec(key)?.[1];
    if (shared === undefined || hash === undefined) return undefined;
    const text = await shared.get(key);
    // who can write into the store must not choose what a hash of clients means
    if (text === undefined || sha256(text) !== hash || !isAllowed(text)) return undefined;
    this.#keep(key, text);
    return text;
  }

  async set(key: string, text: string): Promise<void> {
    const { maxDocumentBytes, shared } = this.#options;
    if (!HASH_KEY.test(key) || Buffer.byteLength(text) > maxDocumentBytes) return;
    this.#keep(key, text);
    await shared?.set(key, text);
  }

  async delete(key: string): Promise<boolean> {
    return this.#texts.delete(key);
  }

  #keep(key: string, text: string): void {
    this.#texts.delete(key);
    this.#texts.set(key, text);
    if (this.#texts.size <= this.#options.maxEntries) return;
    const [oldest] = this.#texts.keys();
    if (oldest !== undefined) this.#texts.delete(oldest);
  }
}

const HASH_KEY = /^apq:([0-9a-f]{64})$/;

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
