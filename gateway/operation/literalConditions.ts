import type { DirectiveNode, SelectionNode } from 'graphql';

/** A selection's `@skip` and `@include`, as far as they depend on variables. */
export interface SelectionConditions {
  /** `@include(if: false)` or `@skip(if: true)`, literally: the selection is not there. */
  readonly isLeftOut: boolean;
  /** Variables that must have these values. */
  readonly variables: readonly { readonly name: string; readonly value: boolean }[];
}

/** Source: GraphQL specification, §3.13.1 and §3.13.2: both must allow the selection. */
export function conditionsOf(selection: SelectionNode): SelectionConditions {
  const variables: { name: string; value: boolean }[] = [];
  let isLeftOut = false;
  for (const directive of selection.directives ?? []) {
    const wanted = wantedValue(directive);
    if (wanted === undefined) continue;
    const condition = directive.arguments?.find(({ name }) => name.value === 'if')?.value;
    if (condition?.kind === 'BooleanValue') isLeftOut ||= condition.value !== wanted;
    else if (condition?.kind === 'Variable') variables.push({ name: condition.name.value, value: wanted });
  }
  return { isLeftOut, variables };
}

/**
 * The directives that remain when literal conditions have been applied. Those of the supergraph's own are left out: the native
 * planner drops them, and the stock one refuses them.
 */
export function directivesOnVariables(selection: SelectionNode): readonly DirectiveNode[] {
  return (selection.directives ?? []).filter(
    (directive) =>
      wantedValue(directive) !== undefined &&
      directive.arguments?.some(({ name, value }) => name.value === 'if' && value.kind === 'Variable'),
  );
}

function wantedValue({ name }: DirectiveNode): boolean | undefined {
  if (name.value === 'include') return true;
  return name.value === 'skip' ? false : undefined;
}
