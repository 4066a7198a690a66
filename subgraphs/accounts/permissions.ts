import type { Permissions } from '../host/permissions.ts';
import { hasScope } from '../host/rules.ts';
import { allow } from '../host/shield.ts';

/** What the accounts show to whom, should a gateway forget to ask. */
export const accountsPermissions: Permissions = {
  Query: { '*': allow },
  Mutation: { signIn: allow },
  User: {
    '*': allow,
    internalNote: hasScope('users:read'),
  },
  SignedIn: allow,
  SignInRefused: allow,
  UserConnection: allow,
  UserEdge: allow,
  PageInfo: allow,
};
