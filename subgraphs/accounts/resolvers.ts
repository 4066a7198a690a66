import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { GraphQLDateTime, GraphQLEmailAddress, GraphQLJWT } from 'graphql-scalars';
import { SubgraphError } from '../host/errors.ts';
import { type PageArguments, readPage, toConnection } from '../host/keyset.ts';
import type { Principal } from '../host/principal.ts';
import { byKeys } from '../host/references.ts';
import type { AccountsContext } from './loaders.ts';
import { verifyPassword } from './passwords.ts';
import { type UserFilter, type UserRow, usersByName } from './records.ts';

/** Longer passwords are refused unread: hashing a megabyte is work that a stranger could ask for. */
const maxPasswordLength = 256;
const maxTextLength = 100;

async function signIn(
  _root: unknown,
  given: { readonly username: string; readonly password: string },
  { records, loaders, tokens, attempts }: AccountsContext,
) {
  const { password } = given;
  const username = given.username.trim().toLowerCase();
  if (username.length > maxTextLength || password.length > maxPasswordLength) {
    throw new SubgraphError(
      'BAD_USER_INPUT',
      `\`username\` may have ${maxTextLength} characters and \`password\` ${maxPasswordLength}.`,
    );
  }
  const now = new Date();
  const retryAfterSeconds = attempts.take(username, now.getTime());
  if (retryAfterSeconds !== null) {
    return {
      __typename: 'SignInRefused',
      reason: 'TOO_MANY_ATTEMPTS',
      message: `Too many attempts; try again in ${retryAfterSeconds} s.`,
      retryAfterSeconds,
    };
  }
  const credentials = await records.credentials(username);
  const verified = await verifyPassword(password, credentials?.passwordHash ?? null);
  if (!credentials || !verified) {
    return {
      __typename: 'SignInRefused',
      reason: 'WRONG_CREDENTIALS',
      message: 'No user has this name and password.',
      retryAfterSeconds: null,
    };
  }
  const { user } = credentials;
  const [roles, scopes] = await Promise.all([
    loaders.rolesByUser.load(user.id),
    loaders.scopesByUser.load(user.id),
  ]);
  const signed = await tokens.sign(
    {
      userId: user.id,
      username: user.username,
      roles: roles.map((row) => row.role),
      scopes: scopes.map((row) => row.scope),
    },
    now,
  );
  return { __typename: 'SignedIn', ...signed, user };
}

/** Null, and no error: lists of users are for all, and most of them are somebody else's. */
function maySeeEmail(user: UserRow, { kind, id, scopes }: Principal): boolean {
  return (kind === 'user' && id === user.id) || scopes.includes('users:read');
}

export const accountsResolvers: GraphQLResolverMap<AccountsContext> = {
  DateTime: GraphQLDateTime,
  EmailAddress: GraphQLEmailAddress,
  JWT: GraphQLJWT,

  Query: {
    me: (_root, _arguments, { principal, loaders }) =>
      principal.kind === 'user' && principal.id !== undefined ? loaders.userById.load(principal.id) : null,
    user: (_root, { id }: { id: string }, { loaders }) => loaders.userById.load(id),
    userByUsername: (_root, { username }: { username: string }, { loaders }) =>
      loaders.userByUsername.load(username),
    async users(_root, given: PageArguments & { readonly filter?: UserFilter | null }, { records }) {
      const page = readPage(given, usersByName);
      const filter = given.filter ?? {};
      if ((filter.text?.length ?? 0) > maxTextLength) {
        throw new SubgraphError('BAD_USER_INPUT', `\`filter.text\` may have ${maxTextLength} characters.`);
      }
      const rows = await records.usersOf(filter, page);
      return { ...toConnection(rows, page, usersByName), totalCount: () => records.countUsers(filter) };
    },
  },

  Mutation: { signIn },

  User: {
    __resolveReference: byKeys('User', ({ loaders }: AccountsContext) => ({
      id: loaders.userById,
      username: loaders.userByUsername,
    })),
    email: (user: UserRow, _arguments, { principal }) => (maySeeEmail(user, principal) ? user.email : null),
    roles: async (user: UserRow, _arguments, { loaders }) =>
      (await loaders.rolesByUser.load(user.id)).map((row) => row.role),
    scopes: async (user: UserRow, _arguments, { loaders }) =>
      (await loaders.scopesByUser.load(user.id)).map((row) => row.scope),
    joinedAt: (user: UserRow) => new Date(user.joined_at),
    internalNote: (user: UserRow) => user.internal_note,
  },
};
