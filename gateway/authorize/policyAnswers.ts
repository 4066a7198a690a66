import type { PolicyAnswers } from './clause.ts';
import type { Guard } from './ruleTable.ts';

/** Every policy that a guard names, sorted. */
export function policiesOf(guards: Iterable<Guard>): readonly string[] {
  const names = new Set<string>();
  for (const { clauses } of guards) {
    for (const clause of clauses) {
      if (clause.kind === 'policies') for (const each of clause.anyOf.flat()) names.add(each);
    }
  }
  return [...names].sort();
}

/**
 * What an evaluator of policies gave. Only own members that are `true` hold, and only of names that were asked for.
 * Source: Apollo Router, `@policy`: a policy that is not set to `true` does not hold.
 */
export function policyAnswers(names: readonly string[], given: unknown): PolicyAnswers {
  const answers = new Map<string, boolean>();
  if (typeof given !== 'object' || given === null) return answers;
  for (const name of names) {
    if (Object.hasOwn(given, name)) answers.set(name, (given as Record<string, unknown>)[name] === true);
  }
  return answers;
}
