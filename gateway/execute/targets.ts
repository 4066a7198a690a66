import type { FetchPath } from '../plan/queryPlan.ts';
import { type DataObject, isDataObject, valueAt } from './data.ts';
import type { TypeHierarchy } from './typeHierarchy.ts';

/** Calls back with every object at a path of the data, in order; lists of lists are walked through. */
export function forEachTarget(
  data: DataObject,
  path: FetchPath,
  { types, visit }: { readonly types: TypeHierarchy; readonly visit: (object: DataObject) => void },
): void {
  walk(data, { path, types, visit, step: 0 });
}

interface Walk {
  readonly path: FetchPath;
  readonly types: TypeHierarchy;
  readonly visit: (object: DataObject) => void;
  readonly step: number;
}

function walk(value: unknown, at: Walk): void {
  if (value === null || value === undefined) return;
  const step = at.path[at.step];
  if (step === undefined) {
    if (isDataObject(value)) at.visit(value);
    return;
  }
  const next = { ...at, step: at.step + 1 };
  if (step.kind === 'elements') {
    // one step stands for lists of lists too: an element that is a list is walked through by the same step
    if (!Array.isArray(value)) walk(value, next);
    else for (const item of value) walk(item, Array.isArray(item) ? at : next);
  } else if (!isDataObject(value)) {
    // a subgraph gave something else than its schema says; the response tells of it
  } else if (step.kind === 'field') {
    walk(valueAt(value, step.name), next);
  } else if (isOneOf(value, step.types, at.types)) walk(value, next);
}

/** An object whose type nobody asked for is taken to be of the only type that is possible there. */
function isOneOf(object: DataObject, wanted: readonly string[], types: TypeHierarchy): boolean {
  const typename = valueAt(object, '__typename');
  return typeof typename !== 'string' || wanted.some((type) => types.isOf(typename, type));
}

/** The same walk, telling the path of each object; only errors need it. */
export function targetPaths(
  data: DataObject,
  path: FetchPath,
  {
    types,
    responseKeyOf,
  }: { readonly types: TypeHierarchy; readonly responseKeyOf: (key: string) => string },
): Map<DataObject, (string | number)[][]> {
  const found = new Map<DataObject, (string | number)[][]>();
  const visit = (value: unknown, step: number, here: readonly (string | number)[]): void => {
    if (value === null || value === undefined) return;
    const current = path[step];
    if (current === undefined) {
      if (isDataObject(value)) found.set(value, [...(found.get(value) ?? []), [...here]]);
    } else if (current.kind === 'elements') {
      if (!Array.isArray(value)) visit(value, step + 1, here);
      else {
        for (const [index, item] of value.entries()) {
          visit(item, Array.isArray(item) ? step : step + 1, [...here, index]);
        }
      }
    } else if (!isDataObject(value)) return;
    else if (current.kind === 'field') {
      visit(valueAt(value, current.name), step + 1, [...here, responseKeyOf(current.name)]);
    } else if (isOneOf(value, current.types, types)) visit(value, step + 1, here);
  };
  visit(data, 0, []);
  return found;
}
