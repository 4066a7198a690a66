import { rule } from 'graphql-shield';
import type { PartBudget, RuleContext } from './ruleContext.ts';

/**
 * A rule that sets a budget on a part of the graph: whoever asks for the field is charged what it may cost, by the cost of
 * operations, and is denied the field when too few points are left.
 *
 *     shield({ Query: { search: budget({ points: 500, per: 60, by: 'user' }) } })
 *
 * It is charged once for an operation, for all selections of the field together, however often it is aliased, and gives
 * nothing back. Each field has a budget of its own, unless budgets have the same `name`. A caller who has no name of the kind (an anonymous one has no `user`) is denied.
 */
export function budget(options: PartBudget): ReturnType<ReturnType<typeof rule>> {
  const { points, per, by } = options;
  if (!(points > 0) || !(per > 0)) throw new Error('budget: `points` and `per` have to be above 0');
  return rule(`budget of ${points} points in ${per} s by ${by}`, { cache: 'no_cache' })(
    async (_parent, _args, context: RuleContext, info) => {
      const { spend } = context;
      if (spend === undefined) throw new Error('The operation has no cost, so that nobody can pay it.');
      return spend(options, { typeName: info.parentType.name, fieldName: info.fieldName });
    },
  );
}
