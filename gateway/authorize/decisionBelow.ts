import { type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

interface DecisionBelowParts {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly byField: ReadonlyMap<FieldNode, ReadonlyMap<string, unknown>>;
  readonly decisions: { of(typeName: string, field: FieldNode): string };
}

/** Whether a decision stands anywhere below a selection set; each set is looked through once. What holds none is not walked. */
export function decisionBelow(
  { fragments, byField, decisions }: DecisionBelowParts,
  decision: string,
): (selectionSet: SelectionSetNode) => boolean {
  const known = new Map<SelectionSetNode, boolean>();
  const isBelow = (selectionSet: SelectionSetNode): boolean => {
    let found = known.get(selectionSet);
    if (found === undefined) {
      found = selectionSet.selections.some((selection) => {
        if (selection.kind === Kind.FIELD) {
          const types = [...(byField.get(selection)?.keys() ?? [])];
          if (types.some((name) => decisions.of(name, selection) === decision)) return true;
          return selection.selectionSet !== undefined && isBelow(selection.selectionSet);
        }
        const inner =
          selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        return inner !== undefined && isBelow(inner.selectionSet);
      });
      known.set(selectionSet, found);
    }
    return found;
  };
  return isBelow;
}
