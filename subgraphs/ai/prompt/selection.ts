import {
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';

/** Fields by name, with what is selected below them; null below a leaf. In the order of the type, not of the client. */
export type Selection = ReadonlyMap<string, Selection | null>;

/**
 * What a client selected below a field, fragments opened and conditions decided. Aliases do not matter here: a model is
 * asked for a field once.
 */
export function selectionOf(info: GraphQLResolveInfo): Selection | null {
  const type = getNamedType(info.returnType);
  if (!isObjectType(type)) return null;
  return merge(
    type,
    info.fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []),
    info,
  );
}

function merge(
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
  info: GraphQLResolveInfo,
): Selection {
  const below = new Map<string, SelectionSetNode[]>();
  const collect = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      const skip = getDirectiveValues(GraphQLSkipDirective, selection, info.variableValues);
      const include = getDirectiveValues(GraphQLIncludeDirective, selection, info.variableValues);
      if (skip?.if === true || include?.if === false) continue;
      if (selection.kind === 'Field') {
        const fields = below.get(selection.name.value) ?? [];
        below.set(selection.name.value, fields);
        if (selection.selectionSet) fields.push(selection.selectionSet);
      } else if (selection.kind === 'InlineFragment') {
        collect(selection.selectionSet);
      } else {
        const fragment = info.fragments[selection.name.value];
        if (fragment) collect(fragment.selectionSet);
      }
    }
  };
  sets.forEach(collect);
  return new Map(
    Object.values(type.getFields()).flatMap((field) => {
      const selected = below.get(field.name);
      if (selected === undefined) return [];
      const fieldType = getNamedType(field.type);
      return [[field.name, isObjectType(fieldType) ? merge(fieldType, selected, info) : null] as const];
    }),
  );
}

/** All fields of a type, at any depth; the type must not be recursive. */
export function fullSelection(type: GraphQLObjectType): Selection {
  return new Map(
    Object.values(type.getFields()).map((field) => {
      const fieldType = getNamedType(field.type);
      return [field.name, isObjectType(fieldType) ? fullSelection(fieldType) : null];
    }),
  );
}
