import { Supergraph } from '@apollo/federation-internals';
import { describe, expect, test } from '@jest/globals';
import { lexicographicSortSchema, parse, printSchema } from 'graphql';
import { apiSchemaOf } from '../../gateway/supergraph/apiSchema.ts';
import { composeSubgraphs } from '../../gateway/supergraph/composeSubgraphs.ts';

// Expected API schemas: `Supergraph.build(sdl).apiSchema()` of @apollo/federation-internals.

function composed(...sdls: string[]): string {
  const result = composeSubgraphs(sdls.map((sdl, i) => ({ name: `s${i}`, url: `http://s${i}.test`, sdl })));
  if (result.kind === 'failed') throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.supergraphSdl;
}

const link = (imports: string): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${imports}])\n`;

const graphs: readonly (readonly [string, string])[] = [
  [
    'inaccessible types, fields, arguments, values and members',
    composed(`${link('"@key", "@inaccessible"')}
      type Query { a(x: Int, hidden: Int @inaccessible): A secret: Secret @inaccessible any: Any color: Color f(i: In): Int }
      type A @key(fields: "id") { id: ID! b: Int @inaccessible c: Named }
      interface Named { name: String } interface Inner @inaccessible { inner: String }
      type N implements Named & Inner { name: String inner: String }
      type Secret @inaccessible { s: Int } union Any = A | Secret
      enum Color { RED BLUE @inaccessible } input In { a: Int b: Int @inaccessible } scalar Hidden @inaccessible`),
  ],
  [
    'renamed @inaccessible, @tag and custom directives',
    composed(`${link('"@key", {name: "@inaccessible", as: "@hidden"}, "@tag"')}
      directive @mark(on: String) on FIELD_DEFINITION | FIELD
      type Query { a: Int @tag(name: "x") b: Int @hidden c: Int @mark(on: "y") @deprecated(reason: "old") }`),
  ],
  [
    'authorization and cost directives',
    composed(`${link('"@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize"')}
      type Query { a: Int @authenticated b: Int @requiresScopes(scopes: [["s"]]) c: Int @policy(policies: [["p"]]) d: [Int] @listSize(assumedSize: 3) e: Int @cost(weight: 3) }`),
  ],
  [
    'renamed root types, descriptions, scalars with specifications and default values',
    composed(`${link('"@key"')}
      schema { query: Root mutation: Change } "The root" type Root { "A field" a(n: Int = 3, o: In = {x: 1}): Date }
      type Change { b: Int } scalar Date @specifiedBy(url: "https://date.test") input In { x: Int = 2 }`),
  ],
  [
    'types that are called as specifications are',
    composed(
      `${link('"@key"')} type Query { link: link tag: tag } type link { join: Int } type tag { core: Int }`,
    ),
  ],
];

describe('supergraph: API schema', () => {
  test.each(graphs)('has %s as the stock API schema has them', async (_what, sdl) => {
    const print = (schema: Parameters<typeof printSchema>[0]): string =>
      printSchema(lexicographicSortSchema(schema));

    expect(print(await apiSchemaOf(parse(sdl)))).toBe(
      print(Supergraph.build(sdl, { supportedFeatures: null }).apiSchema().toGraphQLJSSchema()),
    );
  });

  test('has the executable directives of a linked specification, which the stock API schema leaves out', async () => {
    const composing = `${link('"@composeDirective"')}
      extend schema @link(url: "https://specs.test/access/v1.0", import: ["@access"]) @composeDirective(name: "@access")
      enum Scope { PUBLIC PRIVATE }`;
    const schema = await apiSchemaOf(
      parse(
        composed(
          `${composing} directive @access(scope: Scope!) on FIELD type Query { a: Int }`,
          `${composing} directive @access(scope: Scope! = PUBLIC) on FIELD type Query { b: Int }`,
        ),
      ),
    );

    expect(schema.getDirectives().map(({ name }) => name)).toContain('access');
  });

  test('keeps the order of fields', async () => {
    const schema = await apiSchemaOf(parse(composed('type Query { z: Int a: Int m: Int }')));

    expect(Object.keys(schema.getQueryType()?.getFields() ?? {})).toEqual(['z', 'a', 'm']);
  });

  test('refuses a schema of which nothing is left', async () => {
    await expect(apiSchemaOf(parse('schema { query: Q } type Q'))).rejects.toThrow();
  });
});
