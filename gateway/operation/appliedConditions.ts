import {
  type ASTNode,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';

/** Names of the variables that `@skip` and `@include` name in some definitions. */
export function conditionVariables(nodes: readonly ASTNode[]): readonly string[] {
  const names = new Set<string>();
  for (const node of nodes) {
    visit(node, {
      Directive(directive) {
        const name = variableOf(directive);
        if (name !== undefined) names.add(name);
      },
    });
  }
  return [...names];
}

/** The variable of a `@skip` or `@include`. */
function variableOf({ name, arguments: given }: DirectiveNode): string | undefined {
  if (name.value !== 'skip' && name.value !== 'include') return undefined;
  const value = given?.find((argument) => argument.name.value === 'if')?.value;
  return value?.kind === Kind.VARIABLE ? value.name.value : undefined;
}

const known = new WeakMap<OperationDefinitionNode, readonly string[]>();

/** Those of an operation and the fragments of its document; looked for once. */
export function conditionVariablesOf(
  operation: OperationDefinitionNode,
  { definitions }: DocumentNode,
): readonly string[] {
  let names = known.get(operation);
  if (names === undefined) {
    const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
    names = conditionVariables([operation, ...fragments]);
    known.set(operation, names);
  }
  return names;
}

/** A definition with the values of its conditions in place of their variables. */
export function withConditions<Node extends OperationDefinitionNode | FragmentDefinitionNode>(
  definition: Node,
  conditions: ReadonlyMap<string, boolean>,
): Node {
  return visit(definition, {
    Directive(directive) {
      const value = conditions.get(variableOf(directive) ?? '');
      if (value === undefined) return undefined;
      return {
        ...directive,
        arguments: directive.arguments?.map((argument) =>
          argument.name.value === 'if'
            ? { ...argument, value: { kind: Kind.BOOLEAN as const, value } }
            : argument,
        ),
      };
    },
  });
}
