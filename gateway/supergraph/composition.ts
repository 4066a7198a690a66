/** What composition reads: one subgraph with its schema. */
export interface CompositionInput {
  readonly name: string;
  /** Where the gateway sends operations; it becomes `@join__graph(url:)`. */
  readonly url: string;
  readonly sdl: string;
}

/** Where in a subgraph's SDL a problem stands. Lines and columns count from 1. */
export interface ProblemPlace {
  readonly subgraph: string;
  readonly line: number;
  readonly column: number;
}

/** An error of composition, or a hint. `code` is Apollo's, such as `FIELD_TYPE_MISMATCH`. */
export interface CompositionProblem {
  readonly code: string;
  readonly message: string;
  readonly places: readonly ProblemPlace[];
}

export type CompositionResult =
  | {
      readonly kind: 'composed';
      readonly supergraphSdl: string;
      readonly hints: readonly CompositionProblem[];
    }
  | { readonly kind: 'failed'; readonly errors: readonly CompositionProblem[] };

/**
 * A problem as one block of text: every place on a line of its own, in the form that editors make clickable.
 *
 *     products:12:3, reviews:4:1 [FIELD_TYPE_MISMATCH]
 *       Type of field "Product.price" is incompatible across subgraphs: ...
 */
export function formatProblem(problem: CompositionProblem): string {
  const places = problem.places.map((place) => `${place.subgraph}:${place.line}:${place.column}`).join(', ');
  const message = problem.message.trim().replaceAll('\n', '\n  ');
  return `${places === '' ? '' : `${places} `}[${problem.code}]\n  ${message}`;
}
