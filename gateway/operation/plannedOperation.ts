import {
  type ASTNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { dependsOnType } from './concreteType.ts';
import { conditionsOf, directivesOnVariables } from './literalConditions.ts';
import type { PrivateAliases } from './privateAliases.ts';

export interface PlannedOperationOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly aliases: PrivateAliases;
  /** Interfaces that some subgraph has as `@interfaceObject`. */
  readonly interfaceObjects: ReadonlySet<string>;
}

/**
 * The operation as the planner gets it: the client's, but for
 * - aliases, which are private ones (`privateAliases.ts`);
 * - `__typename`: asked once, unaliased, of every abstract selection, and nowhere else: the type of an object is known;
 * - root `__typename` and introspection, which the gateway answers by itself;
 * - selections that a literal `@skip` or `@include` leaves out.
 *
 * @returns its text, or `undefined` when nothing is left to ask of subgraphs
 */
export function plannedOperation(options: PlannedOperationOptions): string | undefined {
  const { schema, operation } = options;
  const rootType = schema.getRootType(operation.operation);
  if (rootType === undefined || rootType === null)
    throw new Error(`The schema has no ${operation.operation} type.`);
  const rewriter = new Rewriter(options);
  const selections = rewriter.selections(operation.selectionSet, rootType);
  if (selections.length === 0) return undefined;
  const planned: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: operation.operation,
    variableDefinitions: operation.variableDefinitions,
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
  return [planned, ...rewriter.usedFragments()]
    .map((node) => print(withPlannedVariables(node, options)))
    .join('\n');
}

/** Few operations name a variable as the planner does; only those are walked. */
function withPlannedVariables<Node extends ASTNode>(
  node: Node,
  { operation, aliases }: PlannedOperationOptions,
): Node {
  const isSame = (operation.variableDefinitions ?? []).every(
    ({ variable: { name } }) => aliases.plannedVariableOf(name.value) === name.value,
  );
  if (isSame) return node;
  return visit(node, {
    enter: (each) =>
      each.kind === Kind.VARIABLE
        ? { ...each, name: { kind: Kind.NAME, value: aliases.plannedVariableOf(each.name.value) } }
        : undefined,
  });
}

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

class Rewriter {
  readonly #options: PlannedOperationOptions;
  /** `undefined` where nothing is left of a fragment. */
  readonly #fragments = new Map<string, FragmentDefinitionNode | undefined>();

  constructor(options: PlannedOperationOptions) {
    this.#options = options;
  }

  usedFragments(): FragmentDefinitionNode[] {
    return [...this.#fragments.values()].filter((fragment) => fragment !== undefined);
  }

  selections({ selections }: SelectionSetNode, parent: GraphQLCompositeType): SelectionNode[] {
    const isRoot = this.#isRoot(parent);
    const kept = selections.flatMap((selection) => this.#selection(selection, parent) ?? []);
    if (isRoot) return kept;
    return kept.length === 0 || this.#needsTypename({ kind: Kind.SELECTION_SET, selections }, parent)
      ? [TYPENAME, ...kept]
      : kept;
  }

  #needsTypename(selectionSet: SelectionSetNode, type: GraphQLCompositeType): boolean {
    const { interfaceObjects, fragments } = this.#options;
    if (!isAbstractType(type)) return false;
    return !interfaceObjects.has(type.name) || dependsOnType(selectionSet, type.name, fragments);
  }

  #isRoot(type: GraphQLNamedType): boolean {
    return type === this.#options.schema.getRootType(this.#options.operation.operation);
  }

  #selection(selection: SelectionNode, parent: GraphQLCompositeType): SelectionNode | undefined {
    if (conditionsOf(selection).isLeftOut) return undefined;
    const directives = directivesOnVariables(selection);
    switch (selection.kind) {
      case Kind.FIELD:
        return this.#field({ ...selection, directives }, parent);
      case Kind.INLINE_FRAGMENT: {
        const type = this.#typeOf(selection.typeCondition?.name.value) ?? parent;
        const selections = this.selections(selection.selectionSet, type);
        return selections.length === 0
          ? undefined
          : { ...selection, directives, selectionSet: { kind: Kind.SELECTION_SET, selections } };
      }
      case Kind.FRAGMENT_SPREAD:
        return this.#fragment(selection.name.value) === undefined ? undefined : { ...selection, directives };
      default:
        return selection satisfies never;
    }
  }

  #field(field: FieldNode, parent: GraphQLCompositeType): FieldNode | undefined {
    const name = field.name.value;
    if (name.startsWith('__')) return undefined;
    const type = 'getFields' in parent ? parent.getFields()[name]?.type : undefined;
    const named = type === undefined ? undefined : getNamedType(type);
    const key = this.#options.aliases.keyOf(name, field.alias?.value);
    return {
      ...field,
      alias: key === name ? undefined : { kind: Kind.NAME, value: key },
      selectionSet:
        field.selectionSet === undefined || !isCompositeType(named)
          ? undefined
          : { kind: Kind.SELECTION_SET, selections: this.selections(field.selectionSet, named) },
    };
  }

  #fragment(name: string): FragmentDefinitionNode | undefined {
    if (this.#fragments.has(name)) return this.#fragments.get(name);
    const fragment = this.#options.fragments.get(name);
    const type = this.#typeOf(fragment?.typeCondition.name.value);
    if (fragment === undefined || type === undefined) throw new Error(`The fragment ${name} is not defined.`);
    const selections = this.selections(fragment.selectionSet, type);
    const rewritten =
      selections.length === 0
        ? undefined
        : { ...fragment, selectionSet: { ...fragment.selectionSet, selections } };
    this.#fragments.set(name, rewritten);
    return rewritten;
  }

  #typeOf(name: string | undefined): GraphQLCompositeType | undefined {
    const type = name === undefined ? undefined : this.#options.schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
}
