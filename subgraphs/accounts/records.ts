import { type Kysely, sql } from 'kysely';
import { type KeysetOrder, keysetCondition, keysetOrderBy, type Page } from '../host/keyset.ts';

export type Role = 'ADMIN' | 'STAFF' | 'CUSTOMER';

/** The tables of `migrations/`. */
export interface AccountsTables {
  users: UserTable;
  user_roles: { user_id: string; role: Role };
  role_scopes: { role: Role; scope: string };
  signing_keys: { purpose: string; private_jwk: string };
}

interface UserTable {
  id: string;
  username: string;
  name: string;
  email: string;
  password_hash: string | null;
  /** Milliseconds since 1970. */
  joined_at: number;
  internal_note: string | null;
}

/** A user as the rest of the subgraph sees one: the password hash stays in this file's own answers. */
export type UserRow = Omit<UserTable, 'password_hash'>;

export interface UserFilter {
  readonly role?: Role | null;
  readonly text?: string | null;
}

const userColumns = [
  'users.id',
  'users.username',
  'users.name',
  'users.email',
  'users.joined_at',
  'users.internal_note',
] as const;

export const usersByName: KeysetOrder<UserRow> = {
  name: 'NAME',
  columns: [
    { column: 'users.name', direction: 'asc', type: 'string', value: (user) => user.name },
    { column: 'users.id', direction: 'asc', type: 'string', value: (user) => user.id },
  ],
};

/** All SQL of the accounts. */
export function accountsRecords(db: Kysely<AccountsTables>) {
  const filtered = (filter: UserFilter) => {
    let query = db.selectFrom('users');
    const { role, text } = filter;
    if (role) {
      query = query.where('users.id', 'in', (from) =>
        from.selectFrom('user_roles').select('user_id').where('user_roles.role', '=', role),
      );
    }
    if (text) {
      const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`;
      query = query.where(
        sql<boolean>`(lower(users.name) like ${pattern} escape '\\' or users.username like ${pattern} escape '\\')`,
      );
    }
    return query;
  };

  return {
    usersById: (ids: readonly string[]): Promise<UserRow[]> =>
      db.selectFrom('users').select(userColumns).where('users.id', 'in', ids).execute(),

    usersByUsername: (usernames: readonly string[]): Promise<UserRow[]> =>
      db.selectFrom('users').select(userColumns).where('users.username', 'in', usernames).execute(),

    /** One row more than the page holds, when there is one. */
    usersOf: (filter: UserFilter, page: Page): Promise<UserRow[]> =>
      filtered(filter)
        .select(userColumns)
        .where(keysetCondition(usersByName, page))
        .orderBy(keysetOrderBy(usersByName, page))
        .limit(page.limit + 1)
        .execute(),

    async countUsers(filter: UserFilter): Promise<number> {
      const row = await filtered(filter)
        .select((from) => from.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return row.count;
    },

    rolesOf: (userIds: readonly string[]) =>
      db.selectFrom('user_roles').selectAll().where('user_id', 'in', userIds).orderBy('role').execute(),

    scopesOf: (userIds: readonly string[]) =>
      db
        .selectFrom('user_roles')
        .innerJoin('role_scopes', 'role_scopes.role', 'user_roles.role')
        .select(['user_roles.user_id', 'role_scopes.scope'])
        .distinct()
        .where('user_roles.user_id', 'in', userIds)
        .orderBy('role_scopes.scope')
        .execute(),

    async credentials(username: string): Promise<{ user: UserRow; passwordHash: string | null } | null> {
      const row = await db
        .selectFrom('users')
        .select([...userColumns, 'users.password_hash'])
        .where('users.username', '=', username)
        .executeTakeFirst();
      if (!row) return null;
      const { password_hash: passwordHash, ...user } = row;
      return { user, passwordHash };
    },

    /** Keeps the key unless there is one, and gives the one kept: processes that start together agree on it. */
    async keepSigningKey(privateJwk: string): Promise<string> {
      await db
        .insertInto('signing_keys')
        .values({ purpose: 'tokens', private_jwk: privateJwk })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const kept = await this.signingKey();
      return kept ?? privateJwk;
    },

    async signingKey(): Promise<string | null> {
      const row = await db.selectFrom('signing_keys').select('private_jwk').executeTakeFirst();
      return row?.private_jwk ?? null;
    },
  };
}

export type AccountsRecords = ReturnType<typeof accountsRecords>;
