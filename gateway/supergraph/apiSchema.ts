import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  assertValidSchema,
  buildASTSchema,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DirectiveDefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type NamedTypeNode,
  type TypeNode,
  visit,
} from 'graphql';
import { linksOf } from './links.ts';

/**
 * The API schema, which clients see: the supergraph without what federation wrote into it, and without what subgraphs
 * marked as inaccessible.
 *
 * Source: link specification v1.0 (names of features), https://specs.apollo.dev/link/v1.0/; inaccessible specification v0.2,
 * https://specs.apollo.dev/inaccessible/v0.2/. Type system directives are left out but for those of GraphQL itself, and
 * executable directives are kept, as `toAPISchema` of `@apollo/federation-internals` does.
 *
 * A large supergraph takes a tenth of a second; requests are answered between the steps of that.
 *
 * @throws Error when what is left is not a valid schema
 */
export async function apiSchemaOf(supergraph: DocumentNode): Promise<GraphQLSchema> {
  const document = apiDocumentOf(supergraph);
  await nextTurn();
  const schema = buildASTSchema(document, { assumeValidSDL: true });
  await nextTurn();
  assertValidSchema(schema);
  return schema;
}

function apiDocumentOf(supergraph: DocumentNode): DocumentNode {
  const features = readFeatures(supergraph);
  const isHidden = (node: { readonly directives?: readonly ConstDirectiveNode[] | undefined }): boolean =>
    node.directives?.some(({ name }) => features.inaccessible.has(name.value)) ?? false;

  const hiddenTypes = new Set<string>();
  for (const definition of supergraph.definitions) {
    const name = typeNameOf(definition);
    if (name === undefined) continue;
    if (features.isOwnType(name) || isHidden(definition as { directives?: readonly ConstDirectiveNode[] }))
      hiddenTypes.add(name);
  }
  const isVisible = ({ name }: NamedTypeNode): boolean => !hiddenTypes.has(name.value);

  return visit(supergraph, {
    enter(node) {
      switch (node.kind) {
        case Kind.DIRECTIVE:
          return VISIBLE_DIRECTIVES.has(node.name.value) ? undefined : null;
        case Kind.DIRECTIVE_DEFINITION:
          return isForClients(node, hiddenTypes) ? undefined : null;
        case Kind.OBJECT_TYPE_DEFINITION:
        case Kind.INTERFACE_TYPE_DEFINITION:
          if (hiddenTypes.has(node.name.value)) return null;
          return { ...node, interfaces: node.interfaces?.filter(isVisible) };
        case Kind.UNION_TYPE_DEFINITION:
          if (hiddenTypes.has(node.name.value)) return null;
          return { ...node, types: node.types?.filter(isVisible) };
        case Kind.SCALAR_TYPE_DEFINITION:
        case Kind.ENUM_TYPE_DEFINITION:
        case Kind.INPUT_OBJECT_TYPE_DEFINITION:
          return hiddenTypes.has(node.name.value) ? null : undefined;
        case Kind.FIELD_DEFINITION:
        case Kind.INPUT_VALUE_DEFINITION:
        case Kind.ENUM_VALUE_DEFINITION:
          return isHidden(node) ? null : undefined;
        case Kind.SCHEMA_DEFINITION:
          return { ...node, operationTypes: node.operationTypes.filter(({ type }) => isVisible(type)) };
        default:
          return undefined;
      }
    },
  });
}

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
 * Whether operations may use a directive. `toAPISchema` leaves out the directives of every linked specification, so that an
 * executable one composed by `@composeDirective` could never be used; its only use is in operations, and it is kept.
 */
function isForClients(
  { locations, arguments: parameters = [] }: DirectiveDefinitionNode,
  hiddenTypes: ReadonlySet<string>,
): boolean {
  return (
    locations.some(({ value }) => EXECUTABLE_LOCATIONS.has(value)) &&
    parameters.every(({ type }) => !hiddenTypes.has(namedTypeOf(type)))
  );
}

function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
}

interface Features {
  /** Names of the directive `@inaccessible`, under whatever name it was linked. */
  readonly inaccessible: ReadonlySet<string>;
  /** Whether a type belongs to a linked specification: `join__Graph`, `link__Import`, or an imported name. */
  isOwnType(name: string): boolean;
}

function readFeatures(supergraph: DocumentNode): Features {
  const namespaces = new Set(['link', 'core']);
  const imported = new Set<string>();
  const inaccessible = new Set<string>();
  for (const link of linksOf(supergraph)) {
    const namespace = link.as ?? link.specification;
    namespaces.add(namespace);
    if (link.specification === 'inaccessible') inaccessible.add(namespace);
    for (const { name, as } of link.imports) {
      imported.add(as.replace(/^@/, ''));
      if (name === '@inaccessible') inaccessible.add(as.replace(/^@/, ''));
    }
  }
  return {
    inaccessible,
    isOwnType: (name) =>
      imported.has(name) || (name.includes('__') && namespaces.has(name.split('__')[0] ?? '')),
  };
}

function typeNameOf(definition: DefinitionNode): string | undefined {
  return 'name' in definition && /TypeDefinition$/.test(definition.kind) ? definition.name?.value : undefined;
}
