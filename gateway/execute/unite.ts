import type { FetchPath } from '../plan/queryPlan.ts';

/** Whether equal objects at a path of the data may become one object. */
export type MayUnite = (path: FetchPath) => boolean;

/**
 * They may where every fetch of the plan that goes through one of them goes through all of them, so that they stay equal. A path
 * that leads to only some of them has a condition on the types of what holds them where the other has none, or another one: an
 * alias may mean one field below a book and another below a film. (A condition on their own type they meet all or none.)
 *
 * @param paths of all fetches of a plan
 */
export function uniteBy(paths: readonly FetchPath[]): MayUnite {
  const known = paths.map(fieldsOf);
  return (path) => {
    const own = fieldsOf(path);
    return known.every(
      (other) =>
        !isSamePlace(own.fields, other.fields) ||
        own.fields.every((_field, step) => own.conditions[step] === other.conditions[step]),
    );
  };
}

interface Fields {
  /** Names of fields; `@` for the elements of a list. */
  readonly fields: readonly string[];
  /** The conditions on types before each field, and after the last. */
  readonly conditions: readonly string[];
}

function fieldsOf(path: FetchPath): Fields {
  const fields: string[] = [];
  const conditions = [''];
  for (const step of path) {
    if (step.kind === 'types') conditions[fields.length] += `|${step.types.toSorted().join()}`;
    else {
      fields.push(step.kind === 'field' ? `.${step.name}` : '@');
      conditions.push('');
    }
  }
  return { fields, conditions };
}

function isSamePlace(start: readonly string[], whole: readonly string[]): boolean {
  return start.length <= whole.length && start.every((field, index) => field === whole[index]);
}
