import { and, or, race, rule } from 'graphql-shield';
import { budget } from 'tributary/permissions';
import type { Permissions } from './authorize/permissions.ts';
import type { RuleContext } from './authorize/ruleContext.ts';

/*
 * Who may ask what: a rule tree of graphql-shield, which the gateway decides by before it plans anything. What is denied is
 * answered with `null`, and no subgraph hears of it. Edit it while the gateway runs, or name a module of your own by
 * `permissions:` in gateway.yaml; gateway/README.md says what rules get and when they are asked.
 */

/** Somebody with a token, or a key. */
const isSignedIn = rule('isSignedIn', { cache: 'contextual' })(
  (_parent, _args, { principal }: RuleContext) => principal.kind !== 'anonymous',
);

const hasRole = (role: string) =>
  rule(`hasRole(${role})`, { cache: 'contextual' })((_parent, _args, { principal }: RuleContext) =>
    principal.roles.includes(role),
  );

const hasScope = (scope: string) =>
  rule(`hasScope(${scope})`, { cache: 'contextual' })((_parent, _args, { principal }: RuleContext) =>
    principal.scopes.includes(scope),
  );

const isAdmin = hasRole('ADMIN');

/** Ownership: the rule names what it reads of the parent, and is asked once the parent is there. */
const isOneself = rule('isOneself', { cache: 'strict', fragment: 'fragment UserId on User { id }' })(
  (parent: { readonly id: string }, _args, { principal }: RuleContext) => parent.id === principal.id,
);

/** By argument: what a rule returns instead of `true` is what the client reads. */
const asksForFew = rule('asksForFew')((_parent, { first, last }: { first?: number; last?: number }) => {
  return Math.max(first ?? 0, last ?? 0) <= 20 || 'Twenty users at a time are as many as you may ask for.';
});

export const permissions: Permissions['permissions'] = {
  Query: {
    users: or(hasScope('users:read'), asksForFew),
    // whoever did not sign in pays for searches by what they may cost; `race` asks one rule after the other
    search: race(isSignedIn, budget({ points: 2000, per: 60, by: 'address' })),
  },
  Mutation: {
    writeReview: and(isSignedIn, hasScope('reviews:write')),
    voteHelpful: isSignedIn,
  },
  User: {
    email: or(hasScope('users:read'), isOneself),
  },
  // on an interface: it holds for warehouses and stores alike
  Location: {
    serviceRating: isAdmin,
  },
};
