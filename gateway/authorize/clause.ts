import type { Principal } from '../http/principal.ts';

/**
 * What one federation directive demands of the principal. Several clauses on one coordinate must all hold, which is the
 * AND of Apollo Router: `[["p", "u"], ["a"]]` and `[["a"]]` come to `[["a"]]`.
 */
export type Clause =
  | { readonly kind: 'authenticated' }
  /** One of the lists must hold, and of it every name. */
  | { readonly kind: 'scopes' | 'policies'; readonly anyOf: readonly (readonly string[])[] };

/** What the evaluator of policies said; a policy that it did not answer with `true` does not hold. */
export type PolicyAnswers = ReadonlyMap<string, boolean>;

/** Whether the principal meets a clause. */
export function holds(clause: Clause, principal: Principal, policies: PolicyAnswers): boolean {
  switch (clause.kind) {
    case 'authenticated':
      return principal.kind !== 'anonymous';
    case 'scopes':
      return clause.anyOf.some((scopes) => scopes.every((scope) => principal.scopes.includes(scope)));
    case 'policies':
      return clause.anyOf.some((names) => names.every((name) => policies.get(name) === true));
    default:
      return clause satisfies never;
  }
}

/** The clauses, each once. */
export function distinctClauses(clauses: readonly Clause[]): readonly Clause[] {
  return [...new Map(clauses.map((clause) => [JSON.stringify(clause), clause])).values()];
}

/** Whether whoever meets the clauses meets another one for sure. */
export function implies(clauses: readonly Clause[], other: Clause): boolean {
  return clauses.some((clause) => {
    if (clause.kind === 'authenticated' || other.kind === 'authenticated') return clause.kind === other.kind;
    return (
      clause.kind === other.kind &&
      clause.anyOf.every((names) =>
        other.anyOf.some((wanted) => wanted.every((name) => names.includes(name))),
      )
    );
  });
}
