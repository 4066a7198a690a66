import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql';
import type { JoinedTypes } from './joinedTypes.ts';

/**
 * A plan, as the planner writes it, without fragments on types that the subgraph which is asked does not know, or not as members
 * of the union there.
 */
export function withoutUnknownMembers(plan: unknown, types: JoinedTypes): unknown {
  if (Array.isArray(plan)) return plan.map((each) => withoutUnknownMembers(each, types));
  if (typeof plan !== 'object' || plan === null) return plan;
  const node = Object.fromEntries(
    Object.entries(plan).map(([key, value]) => [
      key,
      INNER_NODES.has(key) ? withoutUnknownMembers(value, types) : value,
    ]),
  );
  return isFetch(node) ? cleanedFetch(node, types) : node;
}

/** Where a node of `@graphql-hive/router-query-planner` holds other nodes: `dist/index.d.ts` of the package. */
const INNER_NODES = new Set(['node', 'nodes', 'ifClause', 'elseClause', 'primary', 'rest']);

interface FetchJson {
  readonly serviceName: string;
  readonly operation: string;
  readonly variableUsages?: readonly string[] | null;
}

function isFetch(node: object): node is FetchJson {
  return 'serviceName' in node && 'operation' in node && typeof node.operation === 'string';
}

function cleanedFetch(node: FetchJson, types: JoinedTypes): FetchJson {
  const graph = types.graphOf(node.serviceName);
  if (graph === undefined) return node;
  const cleaner = new Cleaner(parse(node.operation, { noLocation: true }), { types, graph });
  const [operation, ...fragments] = cleaner.cleaned();
  if (operation === undefined || !cleaner.hasDropped) return node;
  const used = variablesOf([operation, ...fragments]);
  const kept: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: operation.variableDefinitions?.filter(({ variable }) =>
      used.has(variable.name.value),
    ),
  };
  return {
    ...node,
    operation: stripIgnoredCharacters([kept, ...fragments].map(print).join('\n')),
    variableUsages: node.variableUsages?.filter((name) => used.has(name)) ?? [],
  };
}

class Cleaner {
  readonly #types: JoinedTypes;
  readonly #graph: string;
  readonly #operation: OperationDefinitionNode | undefined;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #usedFragments = new Map<string, FragmentDefinitionNode>();
  hasDropped = false;

  constructor(
    document: DocumentNode,
    { types, graph }: { readonly types: JoinedTypes; readonly graph: string },
  ) {
    this.#types = types;
    this.#graph = graph;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION)
        this.#fragments.set(definition.name.value, definition);
    }
    this.#operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION) as
      | OperationDefinitionNode
      | undefined;
  }

  cleaned(): readonly [OperationDefinitionNode, ...FragmentDefinitionNode[]] | readonly [] {
    if (this.#operation === undefined) return [];
    const { selectionSet, operation } = this.#operation;
    const root = this.#types.rootTypeOf(operation);
    return [
      { ...this.#operation, selectionSet: this.#selectionSet(selectionSet, root) },
      ...this.#usedFragments.values(),
    ];
  }

  /** @param parent `undefined` where the type is that of a subgraph alone: `_entities` */
  #selectionSet(selectionSet: SelectionSetNode, parent: string | undefined): SelectionSetNode {
    const selections = selectionSet.selections.flatMap((selection) => this.#selection(selection, parent));
    return {
      ...selectionSet,
      selections:
        selections.length === 0
          ? [{ kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }]
          : selections,
    };
  }

  #selection(selection: SelectionNode, parent: string | undefined): SelectionNode[] {
    switch (selection.kind) {
      case Kind.FIELD: {
        if (selection.selectionSet === undefined) return [selection];
        const type = parent === undefined ? undefined : this.#types.typeOfField(parent, selection.name.value);
        return [{ ...selection, selectionSet: this.#selectionSet(selection.selectionSet, type) }];
      }
      case Kind.INLINE_FRAGMENT: {
        const type = selection.typeCondition?.name.value ?? parent;
        if (this.#isUnknown(type, parent)) return [];
        return [{ ...selection, selectionSet: this.#selectionSet(selection.selectionSet, type) }];
      }
      case Kind.FRAGMENT_SPREAD: {
        const fragment = this.#fragments.get(selection.name.value);
        const type = fragment?.typeCondition.name.value;
        if (fragment === undefined || type === undefined || this.#isUnknown(type, parent)) return [];
        if (!this.#usedFragments.has(fragment.name.value)) {
          const selectionSet = this.#selectionSet(fragment.selectionSet, type);
          this.#usedFragments.set(fragment.name.value, { ...fragment, selectionSet });
        }
        return [selection];
      }
      default:
        return selection satisfies never;
    }
  }

  #isUnknown(type: string | undefined, parent: string | undefined): boolean {
    if (type === undefined || type === parent) return false;
    const isUnknown =
      !this.#types.isKnown(type, this.#graph) ||
      (parent !== undefined &&
        this.#types.membersOf(parent).includes(type) &&
        !this.#types.isMember(parent, { member: type, graph: this.#graph }));
    this.hasDropped ||= isUnknown;
    return isUnknown;
  }
}

function variablesOf(
  definitions: readonly (OperationDefinitionNode | FragmentDefinitionNode)[],
): Set<string> {
  const names = new Set<string>();
  for (const definition of definitions) {
    visit(definition, {
      // a definition names its variable, which is no use of it
      VariableDefinition: () => false,
      Variable({ name }) {
        names.add(name.value);
      },
    });
  }
  return names;
}
