import {
  type FieldNode,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** The fields that a rule reads of its parent, each under its name. Its `__typename` is known without being asked for. */
export interface ParentFields {
  readonly fields: readonly FieldNode[];
}

export interface ParentFieldsOptions {
  /** The type of the parent. */
  readonly typeName: string;
  /** Its interfaces and unions. */
  readonly abstracts: readonly string[];
  /** The API schema: rules read what clients could. */
  readonly schema: GraphQLSchema;
}

/**
 * Reads the `fragment` of a rule: `fragment UserId on User { id }`, `... on User { id }` or `{ id }`.
 * @returns what is wrong with it, where it cannot be asked for
 */
export function parentFieldsOf(fragment: string, options: ParentFieldsOptions): ParentFields | string {
  let selectionSet: SelectionSetNode;
  let condition: string | undefined;
  try {
    ({ selectionSet, condition } = read(fragment));
  } catch (error) {
    return `cannot be parsed: ${error instanceof Error ? error.message : String(error)}`;
  }
  const { typeName, abstracts, schema } = options;
  if (condition !== undefined && condition !== typeName && !abstracts.includes(condition)) {
    return `is on ${condition}, and the field is of ${typeName}`;
  }
  const problem = problemOf(selectionSet, schema.getType(typeName));
  if (problem !== undefined) return problem;
  const fields = selectionSet.selections.filter((selection) => selection.kind === Kind.FIELD);
  return { fields: fields.filter(({ name }) => name.value !== '__typename') };
}

function read(fragment: string): { selectionSet: SelectionSetNode; condition: string | undefined } {
  const text = fragment.trim();
  const document = parse(text.startsWith('...') ? `{ ${text} }` : text, { noLocation: true });
  const [definition, ...others] = document.definitions;
  if (others.length > 0) throw new Error('it has several definitions');
  if (definition?.kind === Kind.FRAGMENT_DEFINITION) {
    return { selectionSet: definition.selectionSet, condition: definition.typeCondition.name.value };
  }
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('it is no fragment');
  const [selection, ...rest] = definition.selectionSet.selections;
  if (selection?.kind === Kind.INLINE_FRAGMENT && rest.length === 0) {
    return { selectionSet: selection.selectionSet, condition: selection.typeCondition?.name.value };
  }
  return { selectionSet: definition.selectionSet, condition: undefined };
}

/** Names in it are those that the rule reads, so that it has no aliases; the rest of it is the gateway's to ask. */
function problemOf(selectionSet: SelectionSetNode, type: unknown): string | undefined {
  let isPlain = true;
  visit(selectionSet, {
    enter(node) {
      isPlain &&=
        node.kind !== Kind.VARIABLE &&
        node.kind !== Kind.DIRECTIVE &&
        node.kind !== Kind.FRAGMENT_SPREAD &&
        node.kind !== Kind.INLINE_FRAGMENT &&
        (node.kind !== Kind.FIELD || node.alias === undefined);
    },
  });
  if (!isPlain)
    return 'may hold fields and literal arguments only: no aliases, variables, directives or fragments';
  return unknownField(selectionSet, type);
}

function unknownField(selectionSet: SelectionSetNode, type: unknown): string | undefined {
  if (!isObjectType(type) && !isInterfaceType(type)) return 'selects fields of what has none';
  for (const selection of selectionSet.selections) {
    if (selection.kind !== Kind.FIELD || selection.name.value === '__typename') continue;
    const coordinate = `${type.name}.${selection.name.value}`;
    const field = type.getFields()[selection.name.value];
    if (field === undefined) return `names ${coordinate}, which clients do not have`;
    const inner = getNamedType(field.type);
    if (selection.selectionSet !== undefined) {
      const problem = unknownField(selection.selectionSet, inner);
      if (problem !== undefined) return problem;
    } else if (!isLeafType(inner)) return `needs a selection of fields below ${coordinate}`;
  }
  return undefined;
}
