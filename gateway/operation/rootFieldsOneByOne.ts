import {
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/**
 * A mutation as one operation for each root field, in order, to be executed one after the other: what follows a field in
 * other subgraphs must be read before the next field changes it. Selections of one response key stay together, as they are
 * one field.
 * Source: GraphQL specification, §6.2.2 "Mutation" and §6.3.2 `CollectFields`.
 */
export function rootFieldsOneByOne(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): OperationDefinitionNode[] {
  const byResponseKey = new Map<string, SelectionNode[]>();
  const collect = (
    { selections }: SelectionSetNode,
    around: (field: SelectionNode) => SelectionNode,
  ): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = responseKeyOf(selection);
        byResponseKey.set(key, [...(byResponseKey.get(key) ?? []), around(selection)]);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (fragment === undefined) continue;
      // the type condition is the root type's; what remains of the fragment is its conditions
      collect(fragment.selectionSet, (field) =>
        around({
          kind: Kind.INLINE_FRAGMENT,
          directives: selection.directives,
          selectionSet: { kind: Kind.SELECTION_SET, selections: [field] },
        }),
      );
    }
  };
  collect(operation.selectionSet, (field) => field);
  return Array.from(byResponseKey.values(), (selections) => ({
    ...operation,
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  }));
}

function responseKeyOf(field: FieldNode): string {
  return field.alias?.value ?? field.name.value;
}
