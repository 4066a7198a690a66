import {
  type DocumentNode,
  doTypesOverlap,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { Decisions } from './decisions.ts';
import { possibleTypes } from './operationQuestions.ts';

export interface PermittedOperationOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly decisions: Decisions;
  /** The fields to be read of objects of a type for the rules of one of its fields, under names that no client uses. */
  readonly hiddenFields: (type: GraphQLObjectType, field: FieldNode) => readonly FieldNode[];
}

/** A document of its own: the operation that is planned in place of the client's. */
export interface PermittedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * Cuts what is denied out of an operation, and adds what rules must read. What is left is a valid operation:
 * - a selection on an interface or union of which some types are denied is split by type;
 * - a selection set with nothing left asks for `__typename`, as whether there is an object may still be told;
 * - fragments that are empty or used no more go, and so do variables.
 */
export function permittedOperation(options: PermittedOperationOptions): PermittedOperation {
  const { schema, operation } = options;
  const root = schema.getRootType(operation.operation);
  if (root === undefined || root === null) throw new Error(`The schema has no ${operation.operation} type.`);
  const pruner = new Pruner(options);
  const selectionSet = pruner.selectionSet(operation.selectionSet, root);
  const fragments = pruner.usedFragments();
  const used = variablesIn([selectionSet, ...fragments]);
  const permitted: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: operation.variableDefinitions?.filter(({ variable }) =>
      used.has(variable.name.value),
    ),
    selectionSet,
  };
  return {
    document: { kind: Kind.DOCUMENT, definitions: [permitted, ...fragments] },
    operation: permitted,
  };
}

class Pruner {
  readonly #options: PermittedOperationOptions;
  /** `undefined` where nothing is left of a fragment. */
  readonly #fragments = new Map<string, FragmentDefinitionNode | undefined>();

  constructor(options: PermittedOperationOptions) {
    this.#options = options;
  }

  usedFragments(): FragmentDefinitionNode[] {
    return [...this.#fragments.values()].filter((fragment) => fragment !== undefined);
  }

  /** The selections of a field, or of the operation: never empty. */
  selectionSet(selectionSet: SelectionSetNode, parent: GraphQLCompositeType): SelectionSetNode {
    const selections = this.#selections(selectionSet, parent);
    return { kind: Kind.SELECTION_SET, selections: selections.length === 0 ? [TYPENAME] : selections };
  }

  #selections({ selections }: SelectionSetNode, parent: GraphQLCompositeType): SelectionNode[] {
    return selections.flatMap((selection) => {
      switch (selection.kind) {
        case Kind.FIELD:
          return this.#field(selection, parent);
        case Kind.INLINE_FRAGMENT: {
          const type = this.#typeOf(selection.typeCondition?.name.value) ?? parent;
          if (!doTypesOverlap(this.#options.schema, type, parent)) return [];
          const inner = this.#selections(selection.selectionSet, type);
          return inner.length === 0 ? [] : [{ ...selection, selectionSet: selectionSetOf(inner) }];
        }
        case Kind.FRAGMENT_SPREAD:
          return this.#isSpreadKept(selection.name.value, parent) ? [selection] : [];
        default:
          return selection satisfies never;
      }
    });
  }

  #field(field: FieldNode, parent: GraphQLCompositeType): SelectionNode[] {
    const { schema, decisions } = this.#options;
    const name = field.name.value;
    if (name.startsWith('__')) return [field];
    const types = possibleTypes(schema, parent);
    const allowed = types.filter((type) => /[+?]/.test(decisions.of(type.name, field)));
    if (allowed.length === 0 && types.length > 0) return [];
    const hidden = allowed.flatMap((type) => this.#hidden(field, type, parent));
    if (allowed.length === types.length) return [this.#kept(field, parent), ...hidden];
    if (!haveOneShape(allowed, name)) {
      decisions.denyEverywhere(field);
      return [];
    }
    decisions.splitTypes.add(parent.name);
    return [...allowed.map((type) => onType(type, [this.#kept(field, type)])), ...hidden];
  }

  #kept(field: FieldNode, parent: GraphQLCompositeType): FieldNode {
    if (field.selectionSet === undefined) return field;
    const type = 'getFields' in parent ? parent.getFields()[field.name.value]?.type : undefined;
    const named = type && getNamedType(type);
    if (!isCompositeType(named)) throw new Error(`The type ${parent.name} has no field ${field.name.value}.`);
    return { ...field, selectionSet: this.selectionSet(field.selectionSet, named) };
  }

  #hidden(field: FieldNode, type: GraphQLObjectType, parent: GraphQLCompositeType): SelectionNode[] {
    if (this.#options.decisions.of(type.name, field) !== '?') return [];
    const fields = this.#options.hiddenFields(type, field);
    if (type !== parent) this.#options.decisions.splitTypes.add(parent.name);
    if (fields.length === 0) return [];
    const isConditional = (field.directives ?? []).length > 0;
    if (type === parent && !isConditional) return [...fields];
    return [{ ...onType(type, fields), directives: field.directives }];
  }

  #isSpreadKept(name: string, parent: GraphQLCompositeType): boolean {
    const fragment = this.#options.fragments.get(name);
    const type = this.#typeOf(fragment?.typeCondition.name.value);
    if (fragment === undefined || type === undefined) throw new Error(`The fragment ${name} is not defined.`);
    if (!this.#fragments.has(name)) {
      const selections = this.#selections(fragment.selectionSet, type);
      this.#fragments.set(
        name,
        selections.length === 0 ? undefined : { ...fragment, selectionSet: selectionSetOf(selections) },
      );
    }
    return this.#fragments.get(name) !== undefined && doTypesOverlap(this.#options.schema, type, parent);
  }

  #typeOf(name: string | undefined): GraphQLCompositeType | undefined {
    const type = name === undefined ? undefined : this.#options.schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
}

function selectionSetOf(selections: readonly SelectionNode[]): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections };
}

function onType(
  type: GraphQLObjectType,
  selections: readonly SelectionNode[],
): SelectionNode & { kind: Kind.INLINE_FRAGMENT } {
  return {
    kind: Kind.INLINE_FRAGMENT,
    typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } },
    selectionSet: selectionSetOf(selections),
  };
}

/**
 * Whether selections of a field on each of the types may stand beside each other under one response key.
 * Source: GraphQL specification, §5.3.2 `SameResponseShape`: an interface's field may be `String` on it, and `String!` on one
 * of its types. Where they may not, the field needs the permission of every type.
 */
function haveOneShape(types: readonly GraphQLObjectType[], fieldName: string): boolean {
  const shapes = types.map((type) => {
    const field = type.getFields()[fieldName];
    return field === undefined ? '' : shapeOf(field.type);
  });
  return new Set(shapes).size === 1;
}

function shapeOf(type: GraphQLOutputType): string {
  if (isNonNullType(type)) return `${shapeOf(type.ofType)}!`;
  if (isListType(type)) return `[${shapeOf(type.ofType)}]`;
  return isCompositeType(type) ? '{}' : type.name;
}

function variablesIn(nodes: readonly (SelectionSetNode | FragmentDefinitionNode)[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of nodes) visit(node, { Variable: ({ name }) => void names.add(name.value) });
  return names;
}
