import { type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

/**
 * Whether a selection on an interface depends on what an object really is: it names `__typename`, or has a fragment on
 * another type. Where it does not, an interface object's fields are answered without asking anybody for the type.
 */
export function dependsOnType(
  { selections }: SelectionSetNode,
  interfaceName: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): boolean {
  return selections.some((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value === '__typename';
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    if (fragment === undefined) return false;
    const condition = fragment.typeCondition?.name.value;
    if (condition !== undefined && condition !== interfaceName) return true;
    return dependsOnType(fragment.selectionSet, interfaceName, fragments);
  });
}
