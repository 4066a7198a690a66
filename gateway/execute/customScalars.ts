import { type DocumentNode, Kind, type TypeNode } from 'graphql';

/**
 * Names of the fields whose type is a scalar that the supergraph defines, whatever type they are of. Nobody here knows what a value of
 * such a scalar means: it may be a number that no double holds.
 */
export function customScalarFields({ definitions }: DocumentNode): ReadonlySet<string> {
  const scalars = new Set<string>();
  for (const definition of definitions) {
    if (definition.kind === Kind.SCALAR_TYPE_DEFINITION) scalars.add(definition.name.value);
  }
  const fields = new Set<string>();
  for (const definition of definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      continue;
    for (const { name, type } of definition.fields ?? []) {
      if (scalars.has(namedType(type))) fields.add(name.value);
    }
  }
  return fields;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

/**
 * Whether the answers to an operation are to keep all digits of their numbers: where a field of a custom scalar is asked for. To look for
 * such numbers costs a fortieth of what parsing costs, and other fetches have none that mean something: a `Float` is a double, and often
 * has as many digits as one. The operation is looked at for names alone; one that means something else here costs that look.
 */
export function keepsDigits(operation: string, fields: ReadonlySet<string>): boolean {
  if (fields.size === 0) return false;
  for (const [name] of operation.matchAll(/\w+/g)) if (fields.has(name)) return true;
  return false;
}
