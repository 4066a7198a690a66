import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';

/**
 * Which types are of which, in the whole supergraph. The API schema does not do: it lacks inaccessible types, which
 * subgraphs name all the same.
 */
export class TypeHierarchy {
  /** Object types by interface or union, and by themselves. */
  readonly #possible = new Map<string, Set<string>>();
  readonly #objects = new Set<string>();
  readonly #enumValues = new Set<string>();
  /** Interfaces that some subgraph has as `@interfaceObject`: it cannot tell the type of what it gives. */
  readonly interfaceObjects: ReadonlySet<string>;

  constructor(supergraph: DocumentNode) {
    const add = (type: string, object: string): void => {
      const objects = this.#possible.get(type) ?? new Set();
      objects.add(object);
      this.#possible.set(type, objects);
    };
    const interfaceObjects = new Set<string>();
    for (const definition of supergraph.definitions) {
      if (
        definition.kind === Kind.INTERFACE_TYPE_DEFINITION &&
        definition.directives?.some(isInterfaceObject)
      ) {
        interfaceObjects.add(definition.name.value);
      }
      if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) {
        const name = definition.name.value;
        this.#objects.add(name);
        add(name, name);
        for (const { name: inherited } of definition.interfaces ?? []) add(inherited.value, name);
      } else if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
        for (const { name: member } of definition.types ?? []) add(definition.name.value, member.value);
      } else if (definition.kind === Kind.ENUM_TYPE_DEFINITION) {
        for (const { name } of definition.values ?? [])
          this.#enumValues.add(`${definition.name.value}.${name.value}`);
      }
    }
    this.interfaceObjects = interfaceObjects;
  }

  isObject(type: string): boolean {
    return this.#objects.has(type);
  }

  /** Whether there is an object type, `Ghost`, or an enum value, `Color.GREY`, of that name. */
  isKnown(coordinate: string): boolean {
    return this.#objects.has(coordinate) || this.#enumValues.has(coordinate);
  }

  /** Whether an object that names itself `typename` is of `type`. An interface object names itself as its interface. */
  isOf(typename: string, type: string): boolean {
    return typename === type || (this.#possible.get(type)?.has(typename) ?? false);
  }
}

/** Source: join specification v0.3, `@join__type(isInterfaceObject:)`. */
function isInterfaceObject({ name, arguments: given }: ConstDirectiveNode): boolean {
  return (
    name.value === 'join__type' &&
    given?.some(
      ({ name: key, value }) =>
        key.value === 'isInterfaceObject' && value.kind === Kind.BOOLEAN && value.value,
    ) === true
  );
}
