import { groupLoader, rowLoader } from '../host/batchLoaders.ts';
import type { Principal } from '../host/principal.ts';
import type { AccountsRecords } from './records.ts';
import type { SignInAttempts } from './signInAttempts.ts';
import type { Tokens } from './tokens.ts';

/** What the resolvers of one request share. */
export interface AccountsContext {
  readonly records: AccountsRecords;
  readonly loaders: AccountsLoaders;
  readonly tokens: Tokens;
  readonly attempts: SignInAttempts;
  /** Who asks. */
  readonly principal: Principal;
}

/** Makes the loaders of one request. */
export function accountsLoaders(records: AccountsRecords) {
  return {
    userById: rowLoader(records.usersById, (user) => user.id),
    userByUsername: rowLoader(records.usersByUsername, (user) => user.username),
    rolesByUser: groupLoader(records.rolesOf, (row) => row.user_id),
    scopesByUser: groupLoader(records.scopesOf, (row) => row.user_id),
  };
}

export type AccountsLoaders = ReturnType<typeof accountsLoaders>;
