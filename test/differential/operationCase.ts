import type { DocumentNode } from 'graphql';

/** An operation as a client sends it. The document holds one operation. */
export interface OperationCase {
  readonly document: DocumentNode;
  /** Not coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
}
