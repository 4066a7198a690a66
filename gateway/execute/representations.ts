import type { EntityLookup, RequiresSelection } from '../plan/queryPlan.ts';
import { jsonOf, parseWithDigits } from '../runtime/longNumber.ts';
import { type DataObject, isDataObject, nestsTooDeeply, valueAt } from './data.ts';
import { applyRewrites } from './rewrites.ts';
import type { TypeHierarchy } from './typeHierarchy.ts';

/**
 * The representations that one lookup sends in one execution: equal ones once.
 *
 * Most objects that come have a representation that is known already. It is found by the values of their key fields, without
 * writing its text again: those texts were an eighth of what a request of the bench operation left to the garbage collector.
 */
export class Representations {
  /** JSON text of each. */
  readonly texts: string[] = [];
  readonly #compiled: CompiledRepresentations;
  /** By type name, then by the value of each key field: the index, in the end. */
  readonly #byKeys = new Map<string, Map<unknown, unknown>>();
  #byText: Map<string, number> | undefined;

  constructor(compiled: CompiledRepresentations) {
    this.#compiled = compiled;
  }

  /**
   * The index of an object's representation; -1 for an object that has none: its type is not one that the lookup is for, or
   * a field that it takes was never fetched. A field that is `null` is sent as `null`.
   */
  indexOf(object: DataObject): number {
    const typename = valueAt(object, '__typename');
    if (typeof typename !== 'string') return -1;
    const { fields, keys } = this.#compiled.forType(typename);
    if (fields.length === 0) return -1;
    if (keys === undefined) return this.#indexOfText(object, fields);
    let node = this.#byKeys.get(typename);
    if (node === undefined) {
      node = new Map();
      this.#byKeys.set(typename, node);
    }
    const last = keys.length - 1;
    for (let at = 0; at < last; at += 1) {
      const value = readKey(object, keys[at] as RepresentedField);
      if (value === undefined) return -1;
      if (isComposite(value)) return this.#indexOfText(object, fields);
      let next = node.get(value) as Map<unknown, unknown> | undefined;
      if (next === undefined) {
        next = new Map();
        node.set(value, next);
      }
      node = next;
    }
    const value = readKey(object, keys[last] as RepresentedField);
    if (value === undefined) return -1;
    if (isComposite(value)) return this.#indexOfText(object, fields);
    const known = node.get(value);
    if (known !== undefined) return known as number;
    const text = writeObject(object, fields);
    if (text === undefined) return -1;
    node.set(value, this.texts.length);
    return this.texts.push(text) - 1;
  }

  #indexOfText(object: DataObject, fields: readonly RepresentedField[]): number {
    const text = this.#compiled.write(object, fields);
    if (text === undefined) return -1;
    this.#byText ??= new Map();
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    this.#byText.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}

/** What is compiled of a lookup's `requires`, for each type that comes. */
export interface CompiledRepresentations {
  forType(typename: string): TypeRepresentation;
  write(object: DataObject, fields: readonly RepresentedField[]): string | undefined;
}

interface TypeRepresentation {
  readonly fields: readonly RepresentedField[];
  /** The fields whose values tell representations apart; `undefined` where only the whole text does. */
  readonly keys: readonly RepresentedField[] | undefined;
}

/** Compiles a lookup's `requires` to lists of fields, one for each type that comes. */
export function compileRepresentations(lookup: EntityLookup, types: TypeHierarchy): CompiledRepresentations {
  const { requires, inputRewrites } = lookup;
  const byType = new Map<string, TypeRepresentation>();
  return {
    forType: (typename) => {
      let known = byType.get(typename);
      if (known === undefined) {
        const fields = fieldsFor(typename, requires, types);
        const keys = fields.filter(({ key }) => key !== '__typename');
        const isFlat = keys.length > 0 && fields.every(({ selections }) => selections.length === 0);
        known = { fields, keys: isFlat && inputRewrites.length === 0 ? keys : undefined };
        byType.set(typename, known);
      }
      return known;
    },
    write: (object, fields) => {
      const text = writeObject(object, fields);
      if (text === undefined || inputRewrites.length === 0) return text;
      const representation = parseWithDigits(text) as DataObject;
      applyRewrites(representation, inputRewrites, types);
      return jsonOf(representation);
    },
  };
}

interface RepresentedField {
  /** `"id":` */
  readonly label: string;
  readonly key: string;
  /** Whether the key is none that objects inherit. */
  readonly isPlain: boolean;
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
      isPlain: !(key in Object.prototype),
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

function readKey(object: DataObject, { key, isPlain }: RepresentedField): unknown {
  return isPlain ? object[key] : valueAt(object, key);
}

function isComposite(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function writeObject(object: DataObject, fields: readonly RepresentedField[]): string | undefined {
  let text = '';
  for (const field of fields) {
    const value = writeValue(readKey(object, field), field);
    if (value === undefined) return undefined;
    text += text === '' ? field.label + value : `,${field.label}${value}`;
  }
  return `{${text}}`;
}

function writeValue(value: unknown, field: RepresentedField): string | undefined {
  if (value === undefined) return undefined;
  if (field.selections.length === 0 || value === null || typeof value !== 'object') return writeLeaf(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => writeValue(item, field));
    return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
  }
  if (!isDataObject(value)) return undefined;
  const typename = valueAt(value, '__typename');
  return writeObject(value, field.fieldsFor(typeof typename === 'string' ? typename : undefined));
}

/** @throws RangeError for a value of a custom scalar that no subgraph should be sent */
function writeLeaf(value: unknown): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (nestsTooDeeply(value)) throw new RangeError('A required value is nested too deeply.');
  return jsonOf(value) ?? 'null';
}
