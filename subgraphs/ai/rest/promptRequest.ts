import { type GraphQLObjectType, type GraphQLOutputType, getNamedType, isObjectType } from 'graphql';
import { isAsked } from '../prompt/outputFacts.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { RestPrompt } from './restPrompts.ts';

/** A GraphQL request that asks what a REST call asks. */
export interface PromptRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Where the answer stands in the data of the response. */
export function answerOf(
  data: Readonly<Record<string, unknown>> | null | undefined,
  { prompt }: RestPrompt,
): unknown {
  if (!data) return null;
  if (!prompt.isEntityField) return data[prompt.fieldName] ?? null;
  const [entity] = (data._entities ?? []) as readonly (Readonly<Record<string, unknown>> | null)[];
  return entity?.[prompt.fieldName] ?? null;
}

/**
 * The same execution as a client's: arguments are coerced, guardrails, budgets and metering apply, since it is GraphQL.
 *
 * @param body the arguments; beside them `of`, the fields of the entity that a prompt on an entity uses
 */
export function promptRequest(
  { prompt, field }: RestPrompt,
  body: Readonly<Record<string, unknown>>,
): PromptRequest {
  const { of: entity, ...rest } = body;
  const args = prompt.isEntityField ? rest : body;
  const given = field.args.filter(({ name }) => args[name] !== undefined);
  const declared = given.map(({ name, type }) => `$${name}: ${String(type)}`);
  const passed = given.map(({ name }) => `${name}: $${name}`);
  const call = `${prompt.fieldName}${passed.length > 0 ? `(${passed.join(', ')})` : ''} ${selectionText(field.type, prompt)}`;
  if (!prompt.isEntityField) {
    const head = declared.length > 0 ? `(${declared.join(', ')})` : '';
    return { query: `query${head} { ${call} }`, variables: args };
  }
  const representation = { ...(entity as object | undefined), __typename: prompt.typeName };
  const head = ['$representations: [_Any!]!', ...declared].join(', ');
  return {
    query: `query(${head}) { _entities(representations: $representations) { ... on ${prompt.typeName} { ${call} } } }`,
    variables: { ...args, representations: [representation] },
  };
}

/** All fields that the prompt can fill. */
function selectionText(type: GraphQLOutputType, prompt: Prompt): string {
  const named = getNamedType(type);
  return isObjectType(named) ? objectText(named, prompt) : '';
}

function objectText(type: GraphQLObjectType, prompt: Prompt): string {
  const { facts } = prompt;
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const coordinate = `${type.name}.${field.name}`;
    if (!isAsked(coordinate, facts) && !facts.fromCall.has(coordinate)) return [];
    const inner = getNamedType(field.type);
    return [isObjectType(inner) ? `${field.name} ${objectText(inner, prompt)}` : field.name];
  });
  return `{ ${fields.join(' ')} }`;
}
