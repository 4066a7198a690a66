import { parse, print } from 'graphql';

/** One operation of a manifest. */
interface ListedOperation {
  readonly id: string;
  readonly body: string;
  /** For this client only; `undefined` = for all. */
  readonly clientName: string | undefined;
}

/**
 * Reads a list of operations: Apollo's manifest, or Relay's map `{ "id": "text" }` or pairs `[["id", "text"]]`.
 *
 *     { "format": "apollo-persisted-query-manifest", "version": 1,
 *       "operations": [{ "id": "1", "name": "Me", "type": "query", "body": "query Me { me { name } }", "clientName": null }] }
 *
 * @throws Error that says what is wrong
 */
export function readManifest(text: string): readonly ListedOperation[] {
  const manifest: unknown = JSON.parse(text);
  if (Array.isArray(manifest)) return manifest.map(pair);
  if (typeof manifest !== 'object' || manifest === null) throw new Error('it is neither a map nor a list');
  const { format, version, operations } = manifest as Record<string, unknown>;
  if (format === undefined && version === undefined) return Object.entries(manifest).map(pair);
  if (format !== 'apollo-persisted-query-manifest')
    throw new Error(`its format is ${JSON.stringify(format)}`);
  if (version !== 1) throw new Error(`its version is ${JSON.stringify(version)}, and 1 is what is read`);
  if (!Array.isArray(operations)) throw new Error('it has no list of `operations`');
  return operations.map((operation: unknown, index) => {
    const { id, body, clientName = null } = (operation ?? {}) as Record<string, unknown>;
    if (typeof id !== 'string' || typeof body !== 'string') {
      throw new Error(`operations[${index}] has no \`id\` and \`body\``);
    }
    if (clientName !== null && typeof clientName !== 'string') {
      throw new Error(`operations[${index}].clientName is no text`);
    }
    return { id, body, clientName: clientName ?? undefined };
  });
}

function pair(entry: unknown, index: number): ListedOperation {
  const [id, body] = Array.isArray(entry) ? entry : [];
  if (typeof id !== 'string' || typeof body !== 'string')
    throw new Error(`entry ${index} is no id with a text`);
  return { id, body, clientName: undefined };
}

/** What may be asked: the operations of all manifests. It never changes; another one replaces it. */
export class OperationList {
  readonly #byId = new Map<string, string>();
  readonly #canonical = new Set<string>();

  /** @throws Error when a body does not parse */
  constructor(operations: readonly ListedOperation[]) {
    for (const { id, body, clientName } of operations) {
      this.#byId.set(keyOf(id, clientName), body);
      try {
        this.#canonical.add(canonicalText(body));
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`the body of ${JSON.stringify(id)} does not parse: ${reason}`, { cause });
      }
    }
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The text of an id: that of the client before that of all. */
  textOf(id: string, clientName: string | undefined): string | undefined {
    const own = clientName === undefined ? undefined : this.#byId.get(keyOf(id, clientName));
    return own ?? this.#byId.get(keyOf(id, undefined));
  }

  /** Whether an operation of the list says the same; one that does not parse is none. */
  hasText(text: string): boolean {
    try {
      return this.#canonical.has(canonicalText(text));
    } catch {
      return false;
    }
  }
}

const keyOf = (id: string, clientName: string | undefined): string =>
  JSON.stringify([id, clientName ?? null]);

/**
 * A document in one writing: blanks, commas and comments left out, definitions in one order.
 * Source: Apollo Router, pull request 3566.
 */
function canonicalText(text: string): string {
  const document = parse(text, { noLocation: true });
  return document.definitions.map(print).sort().join('\n');
}
