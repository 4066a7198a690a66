import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { composeServices } from '@apollo/composition';
import { printSubgraphSchema } from '@apollo/subgraph';
import { describe, expect, test } from '@jest/globals';
import { type GraphQLObjectType, isSpecifiedScalarType, parse } from 'graphql';
import { accounts } from '../../subgraphs/accounts/subgraph.ts';
import { compilePrompts } from '../../subgraphs/ai/prompt/compilePrompts.ts';
import { buildPromptSchema } from '../../subgraphs/ai/prompt/promptSchema.ts';
import { ai } from '../../subgraphs/ai/subgraph.ts';
import { readSchema } from '../../subgraphs/host/subgraph.ts';
import { inventory } from '../../subgraphs/inventory/subgraph.ts';
import { products } from '../../subgraphs/products/subgraph.ts';
import { reviews } from '../../subgraphs/reviews/subgraph.ts';

const read = ({ name, folder }: { name: string; folder: string }) => ({
  name,
  sdl: readFileSync(path.join(folder, 'schema.graphql'), 'utf8'),
});
// the SDL of the AI subgraph is compiled of several files
const served = compilePrompts({
  files: ['schema.graphql', ...readdirSync(path.join(ai.folder, 'prompts')).map((name) => `prompts/${name}`)]
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => ({ name, text: readFileSync(path.join(ai.folder, name), 'utf8') })),
  buildSchema: buildPromptSchema,
  readTemplate: (name) => readFileSync(path.join(ai.folder, 'prompts', name), 'utf8'),
  aliases: new Set(['default', 'fast']),
});
const sources = [
  ...[accounts, products, inventory, reviews].map(read),
  { name: 'ai', sdl: printSubgraphSchema(served.schema) },
];
const composition = composeServices(
  sources.map(({ name, sdl }) => ({ name, url: `http://127.0.0.1/${name}`, typeDefs: parse(sdl) })),
);

describe('subgraphs: composition', () => {
  test('the five schemas compose without an error', () => {
    expect(composition.errors?.map((error) => error.message) ?? []).toEqual([]);
  });

  test('the only hint is the field that the inventory has taken over', () => {
    expect(composition.hints?.map((hint) => hint.definition.code)).toEqual([
      'OVERRIDDEN_FIELD_CAN_BE_REMOVED',
    ]);
  });

  test.each([
    ['accounts', '@key(fields: "id") @key(fields: "username")'],
    ['products', '@key(fields: "id") @key(fields: "sku")'],
    ['inventory', '@key(fields: "product { id } locationId")'],
    ['inventory', '@requires(fields: "price currency weightGrams")'],
    ['inventory', '@external'],
    ['inventory', '@override(from: "products")'],
    ['reviews', '@provides(fields: "username")'],
    ['reviews', '@interfaceObject'],
    ['accounts', '@shareable'],
    ['accounts', '@inaccessible'],
    ['products', '@tag(name: "internal")'],
    ['inventory', 'interface Location @key(fields: "id")'],
    ['products', 'union SearchResult'],
    ['products', 'enum ProductOrder'],
    ['ai', '@requires(fields: "name helpfulReviews { rating title body }")'],
    ['ai', '@cost(weight: 40)'],
    ['ai', 'type Subscription'],
  ])('%s shows %s', (name, text) => {
    expect(sources.find((source) => source.name === name)?.sdl).toContain(text);
  });

  test('clients see no inaccessible field', () => {
    const api = composition.schema?.toAPISchema().toGraphQLJSSchema();
    const hidden = [
      ['User', 'internalNote'],
      ['Product', 'costPrice'],
      ['StockLevel', 'reorderPoint'],
      ['Review', 'suspicion'],
      ['Product', 'helpfulReviews'],
    ] as const;
    const visible = hidden.filter(([type, field]) => {
      const fields = (api?.getType(type) as GraphQLObjectType | undefined)?.getFields();
      return fields === undefined || field in fields;
    });
    expect(visible).toEqual([]);
  });

  test('every type and field that clients see has a description', () => {
    const api = composition.schema?.toAPISchema().toGraphQLJSSchema();
    const mute: string[] = [];
    for (const type of Object.values(api?.getTypeMap() ?? {})) {
      if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
      const isRoot = [api?.getQueryType(), api?.getMutationType(), api?.getSubscriptionType()].includes(
        type as never,
      );
      if (!type.description && !isRoot) mute.push(type.name);
      const members = 'getFields' in type ? type.getFields() : {};
      for (const [name, member] of Object.entries(members))
        if (!member.description) mute.push(`${type.name}.${name}`);
    }
    expect(mute).toEqual([]);
  });
});

describe('subgraphs: schemas', () => {
  test.each([accounts, products, inventory, reviews])('$name builds an executable schema', (definition) => {
    const schema = readSchema(definition as unknown as Parameters<typeof readSchema>[0]);
    expect(Object.keys(schema.getQueryType()?.getFields() ?? {})).toEqual(
      expect.arrayContaining(['_service', '_entities']),
    );
  });
});
