import {
  assertValidSchema,
  buildASTSchema,
  type DirectiveDefinitionNode,
  type GraphQLSchema,
  parse,
  visit,
} from 'graphql';

/** Directives whose applications clients may see by introspection. Source: GraphQL specification, §3.13. */
const VISIBLE_DIRECTIVES = new Set(['deprecated', 'specifiedBy', 'oneOf']);

/** Source: GraphQL specification, §3.13 `ExecutableDirectiveLocation`. */
const EXECUTABLE_LOCATIONS = new Set([
  'QUERY',
  'MUTATION',
  'SUBSCRIPTION',
  'FIELD',
  'FRAGMENT_DEFINITION',
  'FRAGMENT_SPREAD',
  'INLINE_FRAGMENT',
  'VARIABLE_DEFINITION',
]);

/**
 * The API schema from the planner's own text of it, which lacks inaccessible elements already, but names introspection
 * fields as if they were fields, and directives of federation that clients have no use for.
 *
 * @throws Error when it is not a valid schema
 */
export function readApiSchema(sdl: string): GraphQLSchema {
  const document = visit(parse(sdl), {
    Directive: (node) => (VISIBLE_DIRECTIVES.has(node.name.value) ? undefined : null),
    DirectiveDefinition: (node) => (isExecutable(node) ? undefined : null),
    FieldDefinition: (node) => (node.name.value.startsWith('__') ? null : undefined),
    ObjectTypeDefinition: (node) => (node.name.value.startsWith('__') ? null : undefined),
    EnumTypeDefinition: (node) => (node.name.value.startsWith('__') ? null : undefined),
  });
  const schema = buildASTSchema(document, { assumeValidSDL: true });
  assertValidSchema(schema);
  return schema;
}

function isExecutable({ locations }: DirectiveDefinitionNode): boolean {
  return locations.some(({ value }) => EXECUTABLE_LOCATIONS.has(value));
}
