import { type GraphQLOutputType, getNamedType, isAbstractType, isObjectType, isScalarType } from 'graphql';
import { isMappedScalar } from './jsonSchemaOf.ts';
import { isAsked, type OutputFacts } from './outputFacts.ts';
import type { PromptProblem } from './promptProblem.ts';

/** What keeps a type from being an answer's type: recursion, unions, interfaces, scalars of unknown shape. */
export function typeProblems(
  type: GraphQLOutputType,
  facts: OutputFacts,
): readonly Omit<PromptProblem, 'coordinate'>[] {
  const problems: Omit<PromptProblem, 'coordinate'>[] = [];
  const visit = (output: GraphQLOutputType, place: string, trail: readonly string[]): void => {
    const named = getNamedType(output);
    if (isAbstractType(named)) {
      problems.push({
        code: 'PROMPT_TYPE_UNSUPPORTED',
        message: `${place} is of the type ${named.name}, a union or an interface`,
      });
      return;
    }
    if (isScalarType(named) && !isMappedScalar(named, facts)) {
      problems.push({
        code: 'PROMPT_SCALAR_UNMAPPED',
        message: `${place} is of the scalar ${named.name}, which has no \`@jsonSchema\``,
      });
      return;
    }
    if (!isObjectType(named)) return;
    if (trail.includes(named.name)) {
      problems.push({
        code: 'PROMPT_TYPE_RECURSIVE',
        message: `${place} leads back to ${named.name}: ${[...trail, named.name].join(' → ')}`,
      });
      return;
    }
    for (const field of Object.values(named.getFields())) {
      const coordinate = `${named.name}.${field.name}`;
      if (isAsked(coordinate, facts)) visit(field.type, coordinate, [...trail, named.name]);
    }
  };
  visit(type, 'it', []);
  return problems;
}
