import type { FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import type { Limit } from '../limit.ts';

/** The number of directives, on definitions, variables, spreads and fields. Source: the class of CVE-2024-47614. */
export const maxDirectives: Limit = {
  setting: 'max_directives',
  code: 'MAX_DIRECTIVES_LIMIT',
  quantity: 'directives',
  guardsGateway: false,
  measure(set, inner) {
    let directives = 0;
    for (const selection of set.selections)
      directives += inner(selection) + (selection.directives?.length ?? 0);
    return directives;
  },
  ofDefinition({ directives, variableDefinitions }: OperationDefinitionNode | FragmentDefinitionNode) {
    let count = directives?.length ?? 0;
    for (const variable of variableDefinitions ?? []) count += variable.directives?.length ?? 0;
    return count;
  },
};
