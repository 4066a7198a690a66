/** By what an operation is told from others when it is prepared. */
export interface OperationKey {
  /** SHA-256 of the document's text, hex. */
  readonly sourceHash: string;
  /** Empty where the operation has none. */
  readonly operationName: string;
  /** What else its preparation depends on, such as the drawn percentage of `@override` labels. */
  readonly variant: string;
}

/** An operation that was asked for, to be prepared by the engine that comes next. */
export interface UsedOperation extends OperationKey {
  /** The document's text. */
  readonly source: string;
  /** How often it was asked for, what is longer ago counting less. */
  readonly uses: number;
}
