import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type TypeDefinitionNode,
  type TypeNode,
} from 'graphql';

/**
 * Which subgraph knows which types and members of unions, as the supergraph tells it. Subgraphs are named as `join__Graph`
 * names them.
 *
 * Source: join specification v0.3, https://specs.apollo.dev/join/v0.3/
 */
export class JoinedTypes {
  readonly #definitions = new Map<string, TypeDefinitionNode>();
  /** Names of subgraphs: `join__Graph` by the name that plans use. */
  readonly #graphs = new Map<string, string>();
  readonly #graphsOfType = new Map<string, ReadonlySet<string>>();
  /** `GRAPH member` by union, for unions that tell. */
  readonly #members = new Map<string, ReadonlySet<string>>();
  readonly #objectsOf = new Map<string, string[]>();
  readonly #rootTypes = new Map<string, string>([
    ['query', 'Query'],
    ['mutation', 'Mutation'],
    ['subscription', 'Subscription'],
  ]);

  constructor(supergraph: DocumentNode) {
    for (const definition of supergraph.definitions) {
      if (definition.kind === Kind.SCHEMA_DEFINITION) {
        for (const { operation, type } of definition.operationTypes)
          this.#rootTypes.set(operation, type.name.value);
      }
      if (!isTypeDefinition(definition)) continue;
      const name = definition.name.value;
      this.#definitions.set(name, definition);
      this.#graphsOfType.set(name, graphsOf(definition, 'join__type'));
      if (definition.kind === Kind.ENUM_TYPE_DEFINITION && name === 'join__Graph') {
        for (const value of definition.values ?? []) {
          const graph = value.directives?.find((each) => each.name.value === 'join__graph');
          this.#graphs.set((graph && argumentOf(graph, 'name')) ?? value.name.value, value.name.value);
        }
      } else if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
        const members = (definition.directives ?? [])
          .filter((each) => each.name.value === 'join__unionMember')
          .map((each) => `${argumentOf(each, 'graph')} ${argumentOf(each, 'member')}`);
        if (members.length > 0) this.#members.set(name, new Set(members));
      } else if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) {
        for (const { name: inherited } of definition.interfaces ?? []) {
          this.#objectsOf.set(inherited.value, [...(this.#objectsOf.get(inherited.value) ?? []), name]);
        }
      }
    }
  }

  /** `join__Graph` of a subgraph. */
  graphOf(subgraph: string): string | undefined {
    return this.#graphs.get(subgraph);
  }

  definitionOf(type: string): TypeDefinitionNode | undefined {
    return this.#definitions.get(type);
  }

  rootTypeOf(operationKind: string): string | undefined {
    return this.#rootTypes.get(operationKind);
  }

  graphsOf(type: string): ReadonlySet<string> {
    return this.#graphsOfType.get(type) ?? NONE;
  }

  /** What is defined without a graph is known to all: built-in scalars, and what belongs to the supergraph itself. */
  isKnown(type: string, graph: string): boolean {
    const graphs = this.graphsOf(type);
    return graphs.size === 0 || graphs.has(graph);
  }

  objectsOf(interfaceName: string): readonly string[] {
    return this.#objectsOf.get(interfaceName) ?? [];
  }

  membersOf(union: string): readonly string[] {
    const definition = this.#definitions.get(union);
    return definition?.kind === Kind.UNION_TYPE_DEFINITION
      ? (definition.types ?? []).map(({ name }) => name.value)
      : [];
  }

  /** Whether a type is a member of the union in that subgraph. */
  isMember(union: string, { member, graph }: { readonly member: string; readonly graph: string }): boolean {
    return this.#members.get(union)?.has(`${graph} ${member}`) ?? true;
  }

  /** The named type of a field. */
  typeOfField(type: string, field: string): string | undefined {
    const definition = this.#definitions.get(type);
    if (definition === undefined || !('fields' in definition)) return undefined;
    const found = definition.fields?.find(({ name }) => name.value === field);
    return found === undefined ? undefined : namedTypeOf(found.type);
  }

  /** Unions that a field of several subgraphs gives. */
  sharedUnions(): ReadonlySet<string> {
    const unions = new Set<string>();
    for (const definition of this.#definitions.values()) {
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
      for (const field of definition.fields ?? []) {
        const type = namedTypeOf(field.type);
        if (this.#members.has(type) && this.#graphsOfField(field, definition.name.value) > 1)
          unions.add(type);
      }
    }
    return unions;
  }

  #graphsOfField({ directives = [] }: FieldDefinitionNode, type: string): number {
    const joined = directives.filter((each) => each.name.value === 'join__field');
    return joined.length === 0 ? this.graphsOf(type).size : joined.length;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** The text of a directive's argument: of an enum value its name. */
export function argumentOf(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((each) => each.name.value === name)?.value;
  return value?.kind === Kind.STRING || value?.kind === Kind.ENUM ? value.value : undefined;
}

function graphsOf(definition: TypeDefinitionNode, directive: string): ReadonlySet<string> {
  const graphs = (definition.directives ?? [])
    .filter(({ name }) => name.value === directive)
    .map((each) => argumentOf(each, 'graph'));
  return new Set(graphs.filter((graph) => graph !== undefined));
}

function isTypeDefinition(definition: { readonly kind: string }): definition is TypeDefinitionNode {
  return /TypeDefinition$/.test(definition.kind);
}

function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
}
