import type { Migration } from 'kysely';

/** Users, what their roles allow, and the key that tokens are signed with. */
export const tables: Migration = {
  async up(db) {
    await db.schema
      .createTable('users')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('username', 'text', (column) => column.notNull().unique())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('email', 'text', (column) => column.notNull())
      // null: the user cannot sign in with a password
      .addColumn('password_hash', 'text')
      .addColumn('joined_at', 'bigint', (column) => column.notNull())
      .addColumn('internal_note', 'text')
      .execute();
    await db.schema.createIndex('users_by_name').on('users').columns(['name', 'id']).execute();
    await db.schema
      .createTable('user_roles')
      .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
      .addColumn('role', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('user_roles_key', ['user_id', 'role'])
      .execute();
    await db.schema.createIndex('user_roles_by_role').on('user_roles').columns(['role', 'user_id']).execute();
    await db.schema
      .createTable('role_scopes')
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('role_scopes_key', ['role', 'scope'])
      .execute();
    await db.schema
      .createTable('signing_keys')
      .addColumn('purpose', 'text', (column) => column.primaryKey())
      .addColumn('private_jwk', 'text', (column) => column.notNull())
      .execute();
    await db
      .insertInto('role_scopes')
      .values([
        { role: 'ADMIN', scope: 'users:read' },
        { role: 'ADMIN', scope: 'users:write' },
        { role: 'ADMIN', scope: 'catalogue:write' },
        { role: 'ADMIN', scope: 'stock:write' },
        { role: 'ADMIN', scope: 'reviews:write' },
        { role: 'STAFF', scope: 'users:read' },
        { role: 'STAFF', scope: 'stock:write' },
        { role: 'STAFF', scope: 'reviews:write' },
        { role: 'CUSTOMER', scope: 'reviews:write' },
      ])
      .execute();
  },
};
