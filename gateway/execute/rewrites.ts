import type { Rewrite } from '../plan/queryPlan.ts';
import { type DataObject, isDataObject, valueAt } from './data.ts';
import type { TypeHierarchy } from './typeHierarchy.ts';

/** Applies the plan's rewrites to a representation, to an entity, or to the data of a root fetch, in place. */
export function applyRewrites(value: unknown, rewrites: readonly Rewrite[], types: TypeHierarchy): void {
  for (const rewrite of rewrites) applyFrom(value, rewrite, { step: 0, types });
}

function applyFrom(
  value: unknown,
  rewrite: Rewrite,
  at: { readonly step: number; readonly types: TypeHierarchy },
): void {
  if (Array.isArray(value)) {
    for (const item of value) applyFrom(item, rewrite, at);
    return;
  }
  if (!isDataObject(value)) return;
  const step = rewrite.path[at.step];
  if (step === undefined) return;
  const next = { ...at, step: at.step + 1 };
  if (step.kind === 'types') {
    const typename = valueAt(value, '__typename');
    if (typeof typename === 'string' && step.types.some((type) => at.types.isOf(typename, type))) {
      applyFrom(value, rewrite, next);
    }
  } else if (next.step < rewrite.path.length) applyFrom(valueAt(value, step.name), rewrite, next);
  else rewriteKey(value, step.name, rewrite);
}

function rewriteKey(object: DataObject, key: string, rewrite: Rewrite): void {
  if (rewrite.kind === 'setValue') {
    object[key] = rewrite.value;
  } else if (Object.hasOwn(object, key)) {
    const value = object[key];
    delete object[key];
    object[rewrite.name] = value;
  }
}
