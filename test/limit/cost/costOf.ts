import { buildASTSchema, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { type CostFormula, compileCost } from '../../../gateway/limit/cost/costFormula.ts';
import { type CostSchema, costSchemaOf } from '../../../gateway/limit/cost/costSchema.ts';
import { coerceVariables } from '../../../gateway/operation/coerceVariables.ts';
import { linksOf } from '../../../gateway/supergraph/links.ts';

/** How a supergraph links the cost specification, as composition writes it. */
export const COST_LINK =
  'schema @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost", "@listSize"]) { query: Query }';
export const COST_LINK_WITH_MUTATION = COST_LINK.replace('query: Query', 'query: Query mutation: Mutation');

export interface CostCase {
  /** Types of a supergraph; one without a `schema` definition links `@cost` and `@listSize`. */
  readonly sdl: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly listSize?: number;
}

export function schemaOf(sdl: string): CostSchema {
  const link = /\btype Mutation\b/.test(sdl) ? COST_LINK_WITH_MUTATION : COST_LINK;
  const document = parse(/\bschema\s*@/.test(sdl) ? sdl : `${link} ${sdl}`);
  return costSchemaOf(document, linksOf(document));
}

export function operationOf(query: string): OperationDefinitionNode {
  const operation = parse(query).definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('There is no operation.');
  return operation;
}

export function formulaOf({ sdl, query, listSize = 100 }: CostCase): CostFormula {
  const document = parse(query);
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('There is no operation.');
  return compileCost({ schema: schemaOf(sdl), document, operation, listSize, countsRequires: true });
}

/** The estimated cost, by variables that are coerced as a request's are. */
export function costOf(given: CostCase): number {
  const schema = buildASTSchema(parse(given.sdl), { assumeValidSDL: true, assumeValid: true });
  const { coerced = {}, errors } = coerceVariables({
    schema,
    definitions: operationOf(given.query).variableDefinitions ?? [],
    variables: given.variables ?? {},
    hidesSuggestions: false,
  });
  if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join());
  return formulaOf(given).estimate({ variables: given.variables ?? {}, coerced });
}
