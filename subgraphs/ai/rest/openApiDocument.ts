import {
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { aiErrors } from '../errors.ts';
import type { BoundNode } from '../prompt/bindTemplate.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { RestPrompt } from './restPrompts.ts';

type Json = Readonly<Record<string, unknown>>;

/** OpenAPI 3.1 of the REST façade, out of the same SDL. */
export function openApiDocument(
  prompts: ReadonlyMap<string, RestPrompt>,
  { url }: { readonly url: string },
): Json {
  const schemas: Record<string, Json> = { Error: errorSchema };
  const paths = Object.fromEntries(
    [...prompts].map(([name, rest]) => [`/prompts/${name}`, { post: operation(rest, schemas) }]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Prompts',
      version: '1.0.0',
      description: 'Every prompt of this subgraph: its arguments as JSON, its answer as a typed object.',
    },
    servers: [{ url }],
    paths,
    components: { schemas },
  };
}

function operation(rest: RestPrompt, schemas: Record<string, Json>): Json {
  const { field, prompt, name } = rest;
  return {
    operationId: name.replace('.', '_'),
    summary: firstSentence(field.description ?? name),
    ...(field.description ? { description: field.description } : {}),
    requestBody: { required: true, content: json(bodySchema(rest, schemas)) },
    responses: {
      '200': {
        description: 'The answer. `x-ai-partial` names the codes of what could not be filled, and is null.',
        headers: {
          'x-ai-cost-usd': { description: 'What it cost.', schema: { type: 'string' } },
          'x-ai-partial': { description: 'Why a part is null.', schema: { type: 'string' } },
        },
        content: json({
          type: 'object',
          properties: { data: outputSchema(field.type, { prompt, schemas }) },
          required: ['data'],
        }),
      },
      ...Object.fromEntries(
        [...statusSummaries()].map(([status, description]) => [
          String(status),
          { description, content: json({ $ref: '#/components/schemas/Error' }) },
        ]),
      ),
    },
  };
}

function statusSummaries(): ReadonlyMap<number, string> {
  const byStatus = new Map<number, string[]>([
    [400, ['`BAD_USER_INPUT`: the arguments are not right']],
    [404, ['`NOT_FOUND`: there is no such prompt']],
  ]);
  for (const [code, { httpStatus, summary }] of Object.entries(aiErrors)) {
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), `\`${code}\`: ${summary}`]);
  }
  return new Map(
    [...byStatus].sort(([one], [other]) => one - other).map(([status, all]) => [status, all.join('; ')]),
  );
}

function bodySchema({ field, prompt }: RestPrompt, schemas: Record<string, Json>): Json {
  const properties: Record<string, Json> = {};
  const required: string[] = [];
  if (prompt.isEntityField) {
    properties.of = entitySchema(prompt);
    required.push('of');
  }
  for (const argument of field.args) {
    properties[argument.name] = described(inputSchema(argument.type, schemas), argument.description);
    if (isNonNullType(argument.type) && argument.defaultValue === undefined) required.push(argument.name);
  }
  return { type: 'object', properties, required, additionalProperties: false };
}

/** What the template uses of the entity: the caller brings it, where a gateway would have fetched it. */
function entitySchema(prompt: Prompt): Json {
  const names = new Set<string>();
  const collect = (nodes: readonly BoundNode[]): void => {
    for (const node of nodes) {
      if (node.kind === 'text') continue;
      const [first] = node.path;
      if (node.from.kind === 'scope' && node.from.level === 0 && first) names.add(first);
      if (node.kind === 'section') collect(node.children);
    }
  };
  collect(prompt.template);
  return {
    type: 'object',
    description: `The fields of the ${prompt.typeName} that the prompt uses.`,
    properties: Object.fromEntries([...names].map((name) => [name, {}])),
    required: [...names],
  };
}

function inputSchema(type: GraphQLInputType, schemas: Record<string, Json>): Json {
  const inner = getNullableType(type);
  if (isListType(inner)) {
    return { type: nullable('array', type), items: inputSchema(inner.ofType as GraphQLInputType, schemas) };
  }
  if (isEnumType(inner)) {
    return {
      type: nullable('string', type),
      enum: [...inner.getValues().map(({ name }) => name), ...orNull(type)],
    };
  }
  if (isInputObjectType(inner)) {
    schemas[inner.name] ??= {
      type: 'object',
      properties: Object.fromEntries(
        Object.values(inner.getFields()).map((field) => [
          field.name,
          described(inputSchema(field.type, schemas), field.description),
        ]),
      ),
    };
    return reference(inner.name, type);
  }
  return scalarSchema(inner.name, type);
}

function outputSchema(
  type: GraphQLOutputType,
  parts: { readonly prompt: Prompt; readonly schemas: Record<string, Json> },
): Json {
  const inner = getNullableType(type);
  if (isListType(inner)) {
    return { type: nullable('array', type), items: outputSchema(inner.ofType as GraphQLOutputType, parts) };
  }
  if (isEnumType(inner)) {
    return {
      type: nullable('string', type),
      enum: [...inner.getValues().map(({ name }) => name), ...orNull(type)],
    };
  }
  if (isObjectType(inner)) {
    parts.schemas[inner.name] ??= objectSchema(inner, parts);
    return reference(inner.name, type);
  }
  return scalarSchema(getNamedType(inner).name, type);
}

function objectSchema(
  type: GraphQLObjectType,
  parts: { readonly prompt: Prompt; readonly schemas: Record<string, Json> },
): Json {
  const fields = Object.values(type.getFields()).filter(
    ({ name }) => !parts.prompt.facts.notAsked.has(`${type.name}.${name}`),
  );
  return {
    type: 'object',
    ...(type.description ? { description: type.description } : {}),
    properties: Object.fromEntries(
      fields.map((field) => [field.name, described(outputSchema(field.type, parts), field.description)]),
    ),
    required: fields.map(({ name }) => name),
  };
}

function scalarSchema(name: string, type: GraphQLInputType | GraphQLOutputType): Json {
  const types: Readonly<Record<string, string>> = {
    String: 'string',
    ID: 'string',
    Int: 'integer',
    Float: 'number',
    Boolean: 'boolean',
  };
  const known = types[name];
  return known === undefined ? {} : { type: nullable(known, type) };
}

function nullable(name: string, type: GraphQLInputType | GraphQLOutputType): string | string[] {
  return isNonNullType(type) ? name : [name, 'null'];
}

function orNull(type: GraphQLInputType | GraphQLOutputType): null[] {
  return isNonNullType(type) ? [] : [null];
}

function reference(name: string, type: GraphQLInputType | GraphQLOutputType): Json {
  const $ref = `#/components/schemas/${name}`;
  return isNonNullType(type) ? { $ref } : { anyOf: [{ $ref }, { type: 'null' }] };
}

function described(schema: Json, description: string | null | undefined): Json {
  return description ? { ...schema, description } : schema;
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

function firstSentence(text: string): string {
  return /^[\s\S]*?[.!?](?=\s|$)/.exec(text)?.[0].replaceAll(/\s+/g, ' ') ?? text;
}

const errorSchema: Json = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, message: { type: 'string' } },
      required: ['code', 'message'],
    },
  },
  required: ['error'],
};
