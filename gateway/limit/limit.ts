import type {
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';
import type { ErrorCode } from '../errors.ts';

/** How much an operation may hold, by the keys of `limits` in `gateway.yaml`; `undefined` = any number. */
export interface StructureLimits {
  readonly max_expanded_selections: number;
  readonly max_depth: number;
  readonly max_height?: number | undefined;
  readonly max_aliases: number;
  readonly max_root_fields: number;
  readonly max_directives: number;
}

/**
 * A limit on the shape of operations. It measures one selection set from the measures of what is inside; `checkDocument`
 * walks, and measures each fragment once.
 */
export interface Limit {
  readonly setting: keyof StructureLimits;
  readonly code: ErrorCode;
  /** As messages name it: `depth`. */
  readonly quantity: string;
  /** Whether the gateway itself is in danger beyond it: then `limits.warn_only` does not lift it. */
  readonly guardsGateway: boolean;
  /** @param inner the measure of the selection set of a field or inline fragment, or of the fragment that is spread; 0 for a leaf */
  measure(set: SelectionSetNode, inner: (selection: SelectionNode) => number): number;
  /** What a definition adds beside its selections. */
  ofDefinition?(definition: OperationDefinitionNode | FragmentDefinitionNode): number;
}
