import { SubgraphError } from './errors.ts';
import type { ShieldRule } from './permissions.ts';
import type { Principal } from './principal.ts';
import { rule } from './shield.ts';

/** What rules read of a request's context. */
export interface WithPrincipal {
  readonly principal: Principal;
}

/** Allows users with a verified token. API keys belong to programs, which sign nothing in their name. */
export const isSignedIn: ShieldRule = rule('isSignedIn', { cache: 'contextual' })(
  (_parent, _arguments, { principal }: WithPrincipal) =>
    principal.kind === 'user' ||
    new SubgraphError('UNAUTHENTICATED', 'Sign in first, and send `Authorization: Bearer <token>`.'),
);

/** Allows who holds a scope, by a token or an API key. */
export function hasScope(scope: string): ShieldRule {
  return rule(`hasScope(${scope})`, { cache: 'contextual' })(
    (_parent, _arguments, { principal }: WithPrincipal) =>
      principal.scopes.includes(scope) ||
      new SubgraphError('FORBIDDEN', `The token lacks the scope \`${scope}\`.`),
  );
}
