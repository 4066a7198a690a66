import { type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql';
import type { Prompt } from '../prompt/prompt.ts';

/** A `@prompt` field as a REST path. */
export interface RestPrompt {
  /** `triageTicket` of Query, `Product.reviewDigest` of an entity. */
  readonly name: string;
  readonly prompt: Prompt;
  readonly field: GraphQLField<unknown, unknown>;
}

/** Every `@prompt` field of a schema by the name of its path. */
export function restPrompts(
  schema: GraphQLSchema,
  prompts: readonly Prompt[],
): ReadonlyMap<string, RestPrompt> {
  return new Map(
    prompts.flatMap((prompt) => {
      const type = schema.getType(prompt.typeName);
      const field = isObjectType(type) ? type.getFields()[prompt.fieldName] : undefined;
      if (field === undefined) return [];
      const name = prompt.isEntityField ? prompt.coordinate : prompt.fieldName;
      return [[name, { name, prompt, field }]];
    }),
  );
}
