import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { type DocumentNode, type GraphQLResolveInfo, type GraphQLSchema, isObjectType, Kind } from 'graphql';
import type { AiContext } from '../context.ts';
import { aiResolvers } from '../resolvers.ts';
import { answerPrompt } from './answerPrompt.ts';
import type { Prompt } from './prompt.ts';

/** The executable schema of what is served: the typed queries, and the entities of other subgraphs as they come. */
export function buildPromptSchema(served: DocumentNode): GraphQLSchema {
  const resolvers: Record<string, Record<string, unknown>> = {};
  for (const definition of served.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) {
      continue;
    }
    const { name, directives = [] } = definition;
    if (directives.some((directive) => directive.name.value === 'key')) {
      // it is all that this subgraph knows of the entity, and all that its prompts may use
      resolvers[name.value] = {
        ...resolvers[name.value],
        __resolveReference: (reference: object) => reference,
      };
    }
  }
  return buildSubgraphSchema([
    {
      typeDefs: served,
      resolvers: { ...aiResolvers, ...(resolvers as GraphQLResolverMap<AiContext>) },
    },
  ]);
}

/** Gives each `@prompt` field its resolver. */
export function attachPrompts(schema: GraphQLSchema, prompts: readonly Prompt[]): void {
  for (const prompt of prompts) {
    const type = schema.getType(prompt.typeName);
    const field = isObjectType(type) ? type.getFields()[prompt.fieldName] : undefined;
    if (field === undefined)
      throw new Error(`${prompt.coordinate} is not in the schema it was checked against`);
    field.resolve = (
      parent: unknown,
      args: Readonly<Record<string, unknown>>,
      context: AiContext,
      info: GraphQLResolveInfo,
    ) => {
      const values = (parent ?? {}) as Readonly<Record<string, unknown>>;
      return answerPrompt(prompt, { parent: values, args, context, info });
    };
  }
}
