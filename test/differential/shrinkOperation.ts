import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { OperationCase } from './operationCase.ts';

/**
 * Every operation that is one step smaller: without one selection, argument, directive, alias or fragment. Steps may
 * make it invalid; the caller validates.
 */
export function* smallerOperations({ document, variables }: OperationCase): Generator<OperationCase> {
  const counts = { selections: 0, directives: 0, arguments: 0, aliases: 0 };
  visit(document, {
    SelectionSet({ selections }) {
      counts.selections += selections.length;
    },
    Directive() {
      counts.directives += 1;
    },
    Argument() {
      counts.arguments += 1;
    },
    Field({ alias }) {
      counts.aliases += alias === undefined ? 0 : 1;
    },
  });
  for (let index = 0; index < counts.selections; index++) {
    yield pruned(
      changedSelection(document, index, () => []),
      variables,
    );
    yield pruned(
      changedSelection(document, index, (node) => unwrapped(node, document)),
      variables,
    );
  }
  for (let index = 0; index < counts.directives; index++)
    yield pruned(without(document, Kind.DIRECTIVE, index), variables);
  for (let index = 0; index < counts.arguments; index++)
    yield pruned(without(document, Kind.ARGUMENT, index), variables);
  for (let index = 0; index < counts.aliases; index++) {
    let seen = 0;
    const Field = (node: FieldNode): FieldNode | undefined =>
      node.alias !== undefined && seen++ === index ? { ...node, alias: undefined } : undefined;
    yield pruned(visit(document, { Field }), variables);
  }
}

function changedSelection(
  document: DocumentNode,
  target: number,
  change: (node: SelectionNode) => readonly SelectionNode[],
): DocumentNode {
  let seen = 0;
  const SelectionSet = (node: SelectionSetNode): SelectionSetNode | undefined => {
    const first = seen;
    seen += node.selections.length;
    if (target < first || target >= seen) return undefined;
    const selections = node.selections.flatMap((selection, index) =>
      index === target - first ? change(selection) : [selection],
    );
    return { ...node, selections };
  };
  return visit(document, { SelectionSet });
}

/** What stands in a fragment, in its place; a spread of a named fragment becomes an inline one first. */
function unwrapped(node: SelectionNode, document: DocumentNode): readonly SelectionNode[] {
  if (node.kind === Kind.FIELD) return [node];
  if (node.kind === Kind.INLINE_FRAGMENT) return node.selectionSet.selections;
  const fragment = document.definitions.find(
    (definition): definition is FragmentDefinitionNode =>
      definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === node.name.value,
  );
  if (fragment === undefined) return [];
  const { selectionSet, typeCondition } = fragment;
  return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, directives: node.directives ?? [], selectionSet }];
}

function without(document: DocumentNode, kind: Kind.DIRECTIVE | Kind.ARGUMENT, target: number): DocumentNode {
  let seen = 0;
  return visit(document, { [kind]: () => (seen++ === target ? null : undefined) });
}

/** Without what nothing uses any more: empty selection sets keep the document invalid, and so refuse it. */
function pruned(document: DocumentNode, variables: OperationCase['variables']): OperationCase {
  let definitions = document.definitions;
  for (;;) {
    const spread = new Set<string>();
    visit({ ...document, definitions }, { FragmentSpread: (node) => void spread.add(node.name.value) });
    const kept = definitions.filter(
      (definition) => definition.kind !== Kind.FRAGMENT_DEFINITION || spread.has(definition.name.value),
    );
    if (kept.length === definitions.length) break;
    definitions = kept;
  }
  const used = new Set<string>();
  visit(
    { ...document, definitions },
    {
      VariableDefinition: () => false,
      Variable: (node) => void used.add(node.name.value),
    },
  );
  const OperationDefinition = (node: OperationDefinitionNode): OperationDefinitionNode => ({
    ...node,
    variableDefinitions: (node.variableDefinitions ?? []).filter(({ variable }) =>
      used.has(variable.name.value),
    ),
  });
  return {
    document: visit({ ...document, definitions }, { OperationDefinition }),
    variables: Object.fromEntries(Object.entries(variables).filter(([name]) => used.has(name))),
  };
}
