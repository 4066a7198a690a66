import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type NameNode,
  parse,
  print,
  type TypeNode,
} from 'graphql';
import { argumentOf, JoinedTypes } from './joinedTypes.ts';
import { withoutUnknownMembers } from './unknownMembers.ts';

/**
 * Unions that subgraphs know in part. `union Ride = Tram | Bike` of one subgraph and `Ferry | Bike` of another are `Tram |
 * Ferry | Bike` together. Below a field that both resolve, planners ask for no member but `Bike`, lest the answer depend on
 * whom they ask, and `Tram` is lost even where only the first is asked.
 *
 * So the planner is told that each subgraph knows every member. That is true as far as it goes: a subgraph never gives a member
 * that it does not know, and all of its fields are as good as resolved there. Of what is then planned, each subgraph is sent
 * the members that it knows. All of this happens in the planner's process, and costs requests nothing.
 */
export class PartialUnions {
  /** The supergraph for the planner. */
  readonly supergraphSdl: string;
  readonly #types: JoinedTypes;

  /** `undefined` where every subgraph knows all members of the unions that others resolve with it. */
  static of(supergraphSdl: string): PartialUnions | undefined {
    if (!supergraphSdl.includes('join__unionMember')) return undefined;
    const supergraph = parse(supergraphSdl, { noLocation: true });
    const types = new JoinedTypes(supergraph);
    const completed = new Completion(types);
    for (const union of types.sharedUnions()) completed.addUnion(union);
    if (completed.isEmpty || completed.size > MAX_ADDED_TYPES) return undefined;
    return new PartialUnions(types, print(completed.applyTo(supergraph)));
  }

  private constructor(types: JoinedTypes, supergraphSdl: string) {
    this.#types = types;
    this.supergraphSdl = supergraphSdl;
  }

  /** @param plan as the planner writes it; see `readPlan.ts` */
  withKnownMembers(plan: unknown): unknown {
    return withoutUnknownMembers(plan, this.#types);
  }
}

/** What a member leads to is added with it; where that is half of a large supergraph, the planner would suffer. */
const MAX_ADDED_TYPES = 2_000;

/** What is added to subgraphs: members to unions, and types with all that they lead to. */
class Completion {
  readonly #types: JoinedTypes;
  /** Graphs by type. */
  readonly #added = new Map<string, Set<string>>();
  /** `[graph, member]` by union. */
  readonly #members = new Map<string, [string, string][]>();

  constructor(types: JoinedTypes) {
    this.#types = types;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get size(): number {
    return Array.from(this.#added.values()).reduce((count, graphs) => count + graphs.size, 0);
  }

  addUnion(union: string): void {
    for (const graph of this.#types.graphsOf(union)) this.#addMembers(union, graph);
  }

  #addMembers(union: string, graph: string): void {
    for (const member of this.#types.membersOf(union)) {
      if (this.#types.isMember(union, { member, graph })) continue;
      const members = this.#members.get(union) ?? [];
      this.#members.set(union, members);
      members.push([graph, member]);
      this.#addType(member, graph);
    }
  }

  #addType(name: string, graph: string): void {
    const graphs = this.#added.get(name) ?? new Set();
    if (graphs.has(graph) || this.#types.isKnown(name, graph)) return;
    graphs.add(graph);
    this.#added.set(name, graphs);
    if (this.size > MAX_ADDED_TYPES) return;
    const definition = this.#types.definitionOf(name);
    if (definition?.kind === Kind.UNION_TYPE_DEFINITION) this.#addMembers(name, graph);
    else if (definition?.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      for (const object of this.#types.objectsOf(name)) this.#addType(object, graph);
    }
    for (const field of fieldsOf(definition)) {
      this.#addType(namedTypeOf(field.type), graph);
      for (const { type } of field.arguments ?? []) this.#addType(namedTypeOf(type), graph);
    }
    if (definition?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      for (const { type } of definition.fields ?? []) this.#addType(namedTypeOf(type), graph);
    }
  }

  applyTo(supergraph: DocumentNode): DocumentNode {
    return { ...supergraph, definitions: supergraph.definitions.map((each) => this.#completed(each)) };
  }

  #completed(definition: DefinitionNode): DefinitionNode {
    if (!('name' in definition) || definition.name === undefined) return definition;
    const name = definition.name.value;
    const graphs = [...(this.#added.get(name) ?? [])];
    const members = (this.#members.get(name) ?? []).map(([graph, member]) =>
      directive('join__unionMember', { graph: enumValue(graph), member: stringValue(member) }),
    );
    if (graphs.length === 0 && members.length === 0) return definition;
    const types = graphs.map((graph) => directive('join__type', { graph: enumValue(graph) }));
    switch (definition.kind) {
      case Kind.UNION_TYPE_DEFINITION:
      case Kind.SCALAR_TYPE_DEFINITION:
        return { ...definition, directives: [...(definition.directives ?? []), ...types, ...members] };
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION: {
        const inherited = graphs.flatMap((graph) =>
          (definition.interfaces ?? [])
            .filter(({ name: { value } }) => this.#added.get(value)?.has(graph))
            .map(({ name: { value } }) =>
              directive('join__implements', { graph: enumValue(graph), interface: stringValue(value) }),
            ),
        );
        return {
          ...definition,
          directives: [...(definition.directives ?? []), ...types, ...inherited],
          fields: definition.fields?.map((field) => inGraphs(field, graphs)),
        };
      }
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        return {
          ...definition,
          directives: [...(definition.directives ?? []), ...types],
          fields: definition.fields?.map((field) => inGraphs(field, graphs)),
        };
      case Kind.ENUM_TYPE_DEFINITION:
        return {
          ...definition,
          directives: [...(definition.directives ?? []), ...types],
          values: definition.values?.map((value) => ({
            ...value,
            directives: [
              ...(value.directives ?? []),
              ...graphs.map((graph) => directive('join__enumValue', { graph: enumValue(graph) })),
            ],
          })),
        };
      default:
        return definition;
    }
  }
}

/** A field that names no graph is in all of its type's. Source: join specification v0.3, `@join__field`. */
function inGraphs<Field extends { readonly directives?: readonly ConstDirectiveNode[] | undefined }>(
  field: Field,
  graphs: readonly string[],
): Field {
  const { directives = [] } = field;
  if (!directives.some(({ name }) => name.value === 'join__field')) return field;
  const own = directives.find(
    (each) => each.name.value === 'join__field' && argumentOf(each, 'type') !== undefined,
  );
  const type: Record<string, Value> =
    own === undefined ? {} : { type: stringValue(argumentOf(own, 'type') ?? '') };
  return {
    ...field,
    directives: [
      ...directives,
      ...graphs.map((graph) => directive('join__field', { graph: enumValue(graph), ...type })),
    ],
  };
}

function fieldsOf(definition: DefinitionNode | undefined): readonly FieldDefinitionNode[] {
  return definition?.kind === Kind.OBJECT_TYPE_DEFINITION ||
    definition?.kind === Kind.INTERFACE_TYPE_DEFINITION
    ? (definition.fields ?? [])
    : [];
}

function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
}

type Value = NonNullable<ConstDirectiveNode['arguments']>[number]['value'];

const enumValue = (value: string): Value => ({ kind: Kind.ENUM, value });
const stringValue = (value: string): Value => ({ kind: Kind.STRING, value });
const nameOf = (value: string): NameNode => ({ kind: Kind.NAME, value });

function directive(name: string, values: Readonly<Record<string, Value>>): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: nameOf(name),
    arguments: Object.entries(values).map(([key, value]) => ({
      kind: Kind.ARGUMENT,
      name: nameOf(key),
      value,
    })),
  };
}
