import type { EntityLookup, RequiresSelection } from '../plan/queryPlan.ts';
import { quote } from '../respond/quote.ts';
import { type DataObject, isDataObject, valueAt } from './data.ts';
import { applyRewrites } from './rewrites.ts';
import type { TypeHierarchy } from './typeHierarchy.ts';

/**
 * Writes the representation of an entity as JSON text, or `undefined` for an object that has none: its type is not one
 * that the lookup is for, or a field that it takes was never fetched. A field that is `null` is sent as `null`.
 */
export type WriteRepresentation = (object: DataObject) => string | undefined;

/** Compiles a lookup's `requires` to a function, one list of fields for each type that comes. */
export function compileRepresentation(lookup: EntityLookup, types: TypeHierarchy): WriteRepresentation {
  const byType = new Map<string, readonly RepresentedField[]>();
  return (object) => {
    const typename = valueAt(object, '__typename');
    if (typeof typename !== 'string') return undefined;
    let fields = byType.get(typename);
    if (fields === undefined) {
      fields = fieldsFor(typename, lookup.requires, types);
      byType.set(typename, fields);
    }
    if (fields.length === 0) return undefined;
    const text = writeObject(object, fields);
    if (text === undefined || lookup.inputRewrites.length === 0) return text;
    const representation = JSON.parse(text) as DataObject;
    applyRewrites(representation, lookup.inputRewrites, types);
    return JSON.stringify(representation);
  };
}

interface RepresentedField {
  /** `"id":` */
  readonly label: string;
  readonly key: string;
  readonly selections: readonly RequiresSelection[];
  readonly fieldsFor: (typename: string | undefined) => readonly RepresentedField[];
}

/** Fields for an object of a type, those of matching fragments among them; a field that is named twice is merged. */
function fieldsFor(
  typename: string | undefined,
  selections: readonly RequiresSelection[],
  types: TypeHierarchy,
): readonly RepresentedField[] {
  const byKey = new Map<string, { name: string; selections: RequiresSelection[] }>();
  const collect = (selected: readonly RequiresSelection[]): void => {
    for (const selection of selected) {
      if (selection.kind === 'fragment') {
        const isMatch =
          selection.type === undefined || typename === undefined || types.isOf(typename, selection.type);
        if (isMatch) collect(selection.selections);
        continue;
      }
      const known = byKey.get(selection.key);
      if (known === undefined) {
        byKey.set(selection.key, { name: selection.name, selections: [...selection.selections] });
      } else known.selections.push(...selection.selections);
    }
  };
  collect(selections);
  return Array.from(byKey, ([key, { name, selections: inner }]) => {
    const cache = new Map<string | undefined, readonly RepresentedField[]>();
    return {
      label: `${JSON.stringify(name)}:`,
      key,
      selections: inner,
      fieldsFor: (innerType) => {
        let fields = cache.get(innerType);
        if (fields === undefined) {
          fields = fieldsFor(innerType, inner, types);
          cache.set(innerType, fields);
        }
        return fields;
      },
    };
  });
}

function writeObject(object: DataObject, fields: readonly RepresentedField[]): string | undefined {
  let text = '';
  for (const field of fields) {
    const value = writeValue(valueAt(object, field.key), field);
    if (value === undefined) return undefined;
    text += text === '' ? field.label + value : `,${field.label}${value}`;
  }
  return `{${text}}`;
}

function writeValue(value: unknown, field: RepresentedField): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return quote(value);
  if (field.selections.length === 0 || value === null || typeof value !== 'object')
    return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => writeValue(item, field));
    return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
  }
  if (!isDataObject(value)) return undefined;
  const typename = valueAt(value, '__typename');
  return writeObject(value, field.fieldsFor(typeof typename === 'string' ? typename : undefined));
}
