import type { FieldNode } from 'graphql';

/** What of an operation the response must not show, as far as it is known before anything is fetched. */
export interface Denials {
  /**
   * Whether a selection is answered with `null` on objects of a type, an error being told already.
   * @param typeName an object type, or an interface whose objects are not told apart
   */
  isDenied(typeName: string, field: FieldNode): boolean;
  /** Whether the value of a selection may have been replaced by `cut`. */
  isAskedOfParent(typeName: string, field: FieldNode): boolean;
  /** Interfaces and unions of which a selection is denied on some types only: their objects must be told apart. */
  readonly splitTypes: ReadonlySet<string>;
  /**
   * Object types that are denied as a whole by a rule on the type. Where one stands in a list of an interface or union whose
   * items may not be null, it is left out, so that what the client may see is not lost with it.
   */
  readonly withheldTypes: ReadonlySet<string>;
  /** Stands in the data for a value that a rule has denied: the response has `null` there, and no further error. */
  readonly cut: unknown;
}

export const CUT: unique symbol = Symbol('cut by authorization');
