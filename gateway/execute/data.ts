import { valueNestsDeeper } from '../limit/nesting.ts';
import { LongNumber } from '../runtime/longNumber.ts';
import type { TypeHierarchy } from './typeHierarchy.ts';

const MAX_VALUE_DEPTH = 200;

/** Whether the value of a custom scalar is neither written nor sent on: it may exhaust the stack of whoever reads it. */
export function nestsTooDeeply(value: unknown): boolean {
  return valueNestsDeeper(value, MAX_VALUE_DEPTH);
}

/** An object of the merged data, as it was parsed. */
export type DataObject = Record<string, unknown>;

export function isDataObject(value: unknown): value is DataObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LongNumber)
  );
}

/**
 * The value of a key of the data. Keys such as `constructor` are found on every object's prototype too, where no
 * subgraph has put them.
 */
export function valueAt(object: DataObject, key: string): unknown {
  return key in Object.prototype && !Object.hasOwn(object, key) ? undefined : object[key];
}

/**
 * Merges what a subgraph gave of an object into what is known of it. Keys are data, whatever their name: `__proto__` would
 * change the object itself and is left out. Where both have a value, objects and lists are merged by key and by place; what
 * names itself as another type is another object, and is left out: what the first subgraph gave stays whole.
 */
export function mergeInto(target: DataObject, source: DataObject, types: TypeHierarchy): void {
  if (isOfAnotherType(target.__typename, source.__typename, types)) return;
  for (const key of Object.keys(source)) {
    if (key === '__proto__') continue;
    const value = source[key];
    const known = valueAt(target, key);
    if (known === undefined || known === null) target[key] = value;
    else if (key === '__typename') {
      // an interface object names itself as its interface; what it really is wins
      if (typeof value === 'string' && types.isObject(value)) target[key] = value;
    } else target[key] = merged(known, value, types);
  }
}

function isOfAnotherType(known: unknown, given: unknown, types: TypeHierarchy): boolean {
  return (
    known !== given &&
    typeof known === 'string' &&
    typeof given === 'string' &&
    types.isObject(known) &&
    types.isObject(given)
  );
}

function merged(known: unknown, value: unknown, types: TypeHierarchy): unknown {
  if (value === null || value === undefined) return known;
  if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
    return known.map((item, index) => (item === null ? value[index] : merged(item, value[index], types)));
  }
  if (isDataObject(known) && isDataObject(value)) {
    mergeInto(known, value, types);
    return known;
  }
  return value;
}

/** A copy of data as it was parsed; `structuredClone`, which copies more kinds of things, takes ten times as long. */
export function cloneData<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(cloneData) as Value;
  if (!isDataObject(value)) return value;
  const copy: DataObject = {};
  for (const key of Object.keys(value)) if (key !== '__proto__') copy[key] = cloneData(value[key]);
  return copy as Value;
}

/**
 * Whether two values as they were parsed are equal, whatever the order of their keys. What is nested more than
 * `MAX_COMPARED_DEPTH` deep counts as different: nothing is lost by that but a chance to share.
 */
export function isEqualData(one: unknown, other: unknown, depth = 0): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (depth > MAX_COMPARED_DEPTH) return false;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    for (let index = 0; index < one.length; index += 1) {
      if (!isEqualData(one[index], other[index], depth + 1)) return false;
    }
    return true;
  }
  if (Array.isArray(other)) return false;
  if (one instanceof LongNumber) return other instanceof LongNumber && String(one) === String(other);
  let keys = 0;
  for (const key in one) {
    if (!Object.hasOwn(other, key)) return false;
    if (!isEqualData((one as DataObject)[key], (other as DataObject)[key], depth + 1)) return false;
    keys += 1;
  }
  for (const _key in other) keys -= 1;
  return keys === 0;
}

const MAX_COMPARED_DEPTH = 64;
