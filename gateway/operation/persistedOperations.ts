import { Kind, parse } from 'graphql';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import { RecentTexts } from '../runtime/recentTexts.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { OperationList } from './persistedManifest.ts';

/** How much of what clients send must be on the list. Source: Apollo Router, `persisted_queries`. */
export type PersistedLevel =
  /** Ids of the list are known, beside whatever else. */
  | 'known'
  /** The same, and what is not on the list is logged. */
  | 'logged'
  /** Documents that are not on the list are refused. */
  | 'safelist'
  /** Documents are refused: only ids are served. */
  | 'ids';

export interface PersistedOperationsOptions {
  readonly list: OperationList;
  readonly level: PersistedLevel;
  /** Whether clients may register documents by their hash; never beside a safelist. */
  readonly hasAutomatic: boolean;
  readonly introspection: boolean;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

/** What a request says of its document. */
export interface PersistedRequest {
  readonly query: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
  /** `documentId` or `doc_id` of the body or the URL. */
  readonly documentId: string | undefined;
  readonly clientName: string | undefined;
}

/** What comes of it. */
export type PersistedAnswer =
  /** The request is served as it is. */
  | { readonly kind: 'untouched' }
  /** This is its document. */
  | { readonly kind: 'found'; readonly text: string }
  | { readonly kind: 'refused'; readonly error: GatewayError };

const UNTOUCHED: PersistedAnswer = { kind: 'untouched' };

/** Source: Apollo Server, `PersistedQueryNotFoundError`: a list changes, and what it refused must not be kept by a cache. */
const NOT_CACHED = { 'cache-control': 'private, no-cache, must-revalidate' };

/** Gives requests the documents that they name by id, and refuses documents that are not on the list where it is a safelist. */
export class PersistedOperations {
  readonly #options: PersistedOperationsOptions;
  #list: OperationList;
  /** Whether documents that came lately are on the list. */
  #known = new RecentTexts<boolean>();

  constructor(options: PersistedOperationsOptions) {
    this.#options = options;
    this.#list = options.list;
  }

  /** Puts another list in force, from the next request on. */
  use(list: OperationList): void {
    this.#list = list;
    this.#known = new RecentTexts();
  }

  resolve(request: PersistedRequest): PersistedAnswer {
    const { query } = request;
    const id = idOf(request);
    if (id === undefined) return query === undefined ? UNTOUCHED : this.#document(query, request);
    const { hasAutomatic } = this.#options;
    const isHash = request.documentId === undefined;
    if (query !== undefined) {
      // to send both is how a document is registered by its hash
      if (hasAutomatic && isHash) return this.#document(query, request);
      return refused('CANNOT_SEND_PQ_ID_AND_BODY', { headers: NOT_CACHED });
    }
    const text = formsOf(id).reduce<string | undefined>(
      (found, form) => found ?? this.#list.textOf(form, request.clientName),
      undefined,
    );
    if (text !== undefined) return { kind: 'found', text };
    if (hasAutomatic && isHash) return UNTOUCHED;
    this.#count('not_found');
    return refused('PERSISTED_QUERY_NOT_IN_LIST', {
      message: `Persisted query '${id.slice(0, 200)}' not found in the persisted query list`,
      headers: NOT_CACHED,
    });
  }

  #document(text: string, { clientName }: PersistedRequest): PersistedAnswer {
    const { level, introspection, log } = this.#options;
    if (level === 'known') return UNTOUCHED;
    if (level === 'ids') {
      this.#count('rejected');
      return refused('PERSISTED_QUERY_ID_REQUIRED', {});
    }
    const isKnown = this.#known.getOrMake(
      text,
      () => this.#list.hasText(text) || (introspection && isIntrospection(text)),
    );
    if (isKnown) return UNTOUCHED;
    if (level === 'safelist') {
      this.#count('rejected');
      return refused('QUERY_NOT_IN_SAFELIST', { headers: NOT_CACHED });
    }
    this.#count('logged');
    log.warn(
      { clientName, document: text.slice(0, 2000) },
      'an operation is not in the persisted query list',
    );
    return UNTOUCHED;
  }

  #count(result: string): void {
    const { telemetry } = this.#options;
    if (telemetry.isHeard) telemetry.record('persistedOperations', 1, { result });
  }
}

function refused(...error: ConstructorParameters<typeof GatewayError>): PersistedAnswer {
  return { kind: 'refused', error: new GatewayError(...error) };
}

/** An id is named beside the document, or by the hash of clients that register documents. */
function idOf({ documentId, extensions }: PersistedRequest): string | undefined {
  if (documentId !== undefined) return documentId;
  const persisted = extensions?.persistedQuery;
  if (typeof persisted !== 'object' || persisted === null) return undefined;
  const { sha256Hash } = persisted as Record<string, unknown>;
  return typeof sha256Hash === 'string' ? sha256Hash : undefined;
}

/** `sha256:<hex>` and `x-custom:<id>` may stand in a list as they are, or without what they say of themselves. */
function formsOf(id: string): readonly string[] {
  const bare = /^(?:sha256|x-[\w-]+):(.+)$/s.exec(id)?.[1];
  return bare === undefined ? [id] : [id, bare];
}

/** Whether every operation asks for nothing but introspection. */
function isIntrospection(text: string): boolean {
  try {
    return parse(text, { noLocation: true }).definitions.every(
      (definition) =>
        definition.kind !== Kind.OPERATION_DEFINITION ||
        definition.selectionSet.selections.every(
          (selection) =>
            selection.kind === Kind.FIELD && /^__(schema|type|typename)$/.test(selection.name.value),
        ),
    );
  } catch {
    return false;
  }
}
