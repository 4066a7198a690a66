import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

export interface CollectFieldsOptions {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Whether its `@skip` and `@include` leave a selection there. */
  readonly isIncluded: (selection: SelectionNode) => boolean;
  /** Whether a fragment on a type applies to the object. */
  readonly applies: (typeCondition: string) => boolean;
}

/**
 * The fields that are selected on an object, by response key in the order of the response; several selections of one key are one field.
 * Source: GraphQL specification, §6.3.2 `CollectFields`.
 */
export function collectFields(
  selectionSets: readonly SelectionSetNode[],
  { fragments, isIncluded, applies }: CollectFieldsOptions,
): ReadonlyMap<string, readonly FieldNode[]> {
  const grouped = new Map<string, FieldNode[]>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (!isIncluded(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const responseKey = selection.alias?.value ?? selection.name.value;
        const nodes = grouped.get(responseKey);
        if (nodes === undefined) grouped.set(responseKey, [selection]);
        else nodes.push(selection);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (fragment === undefined) continue;
      const condition = fragment.typeCondition?.name.value;
      if (condition === undefined || applies(condition)) collect(fragment.selectionSet);
    }
  };
  for (const selectionSet of selectionSets) collect(selectionSet);
  return grouped;
}

/** Whether a fragment on a type applies to objects of `type`. Source: GraphQL specification, §6.3.2 `DoesFragmentTypeApply`. */
export function fragmentApplies(
  schema: GraphQLSchema,
  type: GraphQLNamedType,
): CollectFieldsOptions['applies'] {
  return (typeCondition) => {
    if (typeCondition === type.name) return true;
    const condition = schema.getType(typeCondition);
    return (
      isAbstractType(condition) &&
      (isObjectType(type) || isInterfaceType(type)) &&
      schema.isSubType(condition, type)
    );
  };
}
