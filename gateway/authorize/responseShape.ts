import type { FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Denials } from './denials.ts';

/** The key in the data under which an engine keeps a field. */
export type KeyOf = (fieldName: string, alias: string | undefined) => string;

/**
 * What the response is shaped by, where the operation that is planned is not the client's: authorization cut something out of
 * it, or added something to it.
 */
export interface ResponseShape {
  /** The client's. */
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Coerced values of the client's variables: those of the planned operation are among them. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly denials: Denials;
  /** What introspection answers from; the API schema without it. */
  readonly introspected: GraphQLSchema | undefined;
  /**
   * Asks the rules that read the parent, and puts `CUT` in place of every value that they deny. `undefined` where there is
   * no such rule.
   * @param data the fetched data, which is changed
   */
  readonly cut: ((data: Record<string, unknown>, keyOf: KeyOf) => Promise<void>) | undefined;
}
