import type { DocumentNode } from 'graphql';

/** What all documents of a store may take together. */
const MAX_BYTES = 40_000_000;
/** The entry, its key, and what a document takes beside its tokens. */
const ENTRY_BYTES = 1_000;
/** A token, and its share of the nodes and their locations. Measured: 260 to 500, for documents of 6 to 309 tokens. */
const BYTES_PER_TOKEN = 400;

/**
 * Documents that were parsed and validated against one API schema, by the hash of their text. There are two generations, as in
 * `RecentTexts`: when the younger has half of the memory it becomes the older, and what nobody asked for meanwhile goes.
 *
 * Apollo Server's own store weighs a document by the length of its JSON, less than a quarter of what it takes: its 30 MB were
 * 140 MB.
 */
export class DocumentStore {
  #young = new Map<string, DocumentNode>();
  #old = new Map<string, DocumentNode>();
  #youngBytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get(sourceHash: string): DocumentNode | undefined {
    const young = this.#young.get(sourceHash);
    if (young !== undefined) return young;
    const old = this.#old.get(sourceHash);
    if (old !== undefined) this.set(sourceHash, old);
    return old;
  }

  /** Keeps a document; it is the same when it is there already. */
  set(sourceHash: string, document: DocumentNode): void {
    if (this.#young.has(sourceHash)) return;
    this.#young.set(sourceHash, document);
    this.#youngBytes += estimatedBytes(document);
    if (this.#youngBytes < this.#maxBytes / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}

function estimatedBytes({ loc }: DocumentNode): number {
  let tokens = 0;
  for (let token = loc?.startToken; token; token = token.next ?? undefined) tokens += 1;
  return ENTRY_BYTES + (loc?.source.body.length ?? 0) + tokens * BYTES_PER_TOKEN;
}
