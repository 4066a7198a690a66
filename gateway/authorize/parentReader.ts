import { type FieldNode, Kind } from 'graphql';
import type { KeyOf } from './responseShape.ts';

/**
 * The parent as a rule reads it: what its `fragment` names, under its names, and the type. Rules get nothing else, so that
 * they say the same whatever the client selects.
 */
export function readParent(
  object: Readonly<Record<string, unknown>>,
  typeName: string,
  fields: readonly HiddenField[],
  keyOf: KeyOf,
): Record<string, unknown> {
  const parent: Record<string, unknown> = {};
  parent.__typename = typeName;
  for (const { field, alias } of fields) {
    put(parent, field.name.value, readValue(ownValue(object, keyOf(field.name.value, alias)), field, keyOf));
  }
  return parent;
}

/** A field that a rule reads, and the name under which it was asked for. */
export interface HiddenField {
  readonly field: FieldNode;
  readonly alias: string;
}

function readValue(value: unknown, field: FieldNode, keyOf: KeyOf): unknown {
  if (field.selectionSet === undefined || typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) return value.map((item) => readValue(item, field, keyOf));
  const object: Record<string, unknown> = {};
  for (const selection of field.selectionSet.selections) {
    if (selection.kind !== Kind.FIELD) continue;
    const name = selection.name.value;
    const key = name === '__typename' ? name : keyOf(name, undefined);
    put(object, name, readValue(ownValue(value as Record<string, unknown>, key), selection, keyOf));
  }
  return object;
}

/** Subgraphs name the keys: none of them reaches a prototype. */
function ownValue(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function put(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
