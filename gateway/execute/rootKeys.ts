import { Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from 'graphql';
import { conditionsOf, type SelectionConditions } from '../operation/literalConditions.ts';
import type { PrivateAliases } from '../operation/privateAliases.ts';

/** A root field of a fetch, by the key that clients read, and what must hold for it to be there. */
export interface RootKey {
  readonly key: string;
  /** By the client's names of the variables. */
  readonly conditions: SelectionConditions['variables'];
}

/** The root fields of a planned operation: where an error of its fetch stands in the client's response. */
export function rootKeysOf(operation: string, aliases: PrivateAliases): readonly RootKey[] {
  const { definitions } = parse(operation, { noLocation: true });
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition.selectionSet);
  }
  const keys = new Map<string, RootKey>();
  const collect = (selectionSet: SelectionSetNode | undefined, around: RootKey['conditions']): void => {
    for (const selection of selectionSet?.selections ?? []) {
      const conditions = [
        ...around,
        ...conditionsOf(selection).variables.map(({ name, value }) => ({
          name: aliases.variableOf(name),
          value,
        })),
      ];
      if (selection.kind === Kind.FIELD) {
        const key = aliases.responseKeyOf(selection.alias?.value ?? selection.name.value);
        if (!key.startsWith('__')) keys.set(JSON.stringify([key, conditions]), { key, conditions });
      } else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet, conditions);
      else collect(fragments.get(selection.name.value), conditions);
    }
  };
  const root = definitions.find(
    (each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION,
  );
  collect(root?.selectionSet, []);
  return [...keys.values()];
}
