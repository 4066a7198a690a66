import type { FetchPath, FetchPathStep } from '../plan/queryPlan.ts';
import { type DataObject, isDataObject, valueAt } from './data.ts';
import type { TypeHierarchy } from './typeHierarchy.ts';

/**
 * Calls back with every object at a path of the data, in order. What the callback returns takes the object's place in the data;
 * `undefined` leaves it there.
 */
export type ForEachTarget = (data: DataObject, visit: VisitTarget) => void;
export type VisitTarget = (object: DataObject) => DataObject | undefined;

type Walk = (value: unknown, visit: VisitTarget) => DataObject | undefined;

/**
 * Compiles a path to nested functions, one a step: walking it allocates nothing. (Interpreted, with an object for each step,
 * it was a tenth of the processor time of a request with many entities, and as much again in garbage.)
 */
export function compileTargets(path: FetchPath, types: TypeHierarchy): ForEachTarget {
  let walk: Walk = (value, visit) => (isDataObject(value) ? visit(value) : undefined);
  for (const step of path.toReversed()) walk = compileStep(step, walk, types);
  return walk;
}

function compileStep(step: FetchPathStep, next: Walk, types: TypeHierarchy): Walk {
  switch (step.kind) {
    case 'elements': {
      // one step stands for lists of lists too: an element that is a list is walked through by the same step
      const walkElements: Walk = (value, visit) => {
        if (!Array.isArray(value)) return next(value, visit);
        for (let index = 0; index < value.length; index += 1) {
          const item: unknown = value[index];
          const instead = Array.isArray(item) ? walkElements(item, visit) : next(item, visit);
          if (instead !== undefined) value[index] = instead;
        }
        return undefined;
      };
      return walkElements;
    }
    case 'field': {
      const { name } = step;
      const isPlain = !(name in Object.prototype);
      // what is no object here is something else than the subgraph's schema says; the response tells of it
      return (value, visit) => {
        if (!isDataObject(value)) return undefined;
        const instead = next(isPlain ? value[name] : valueAt(value, name), visit);
        if (instead !== undefined) value[name] = instead;
        return undefined;
      };
    }
    case 'types': {
      return (value, visit) =>
        isDataObject(value) && isOneOf(value, step.types, types) ? next(value, visit) : undefined;
    }
    default:
      return step satisfies never;
  }
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
