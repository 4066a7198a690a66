import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Kysely, type Migration, Migrator, PostgresDialect, SqliteDialect } from 'kysely';
import Libsql from 'libsql';
import pg from 'pg';

/** What is stored of an API key. Times are milliseconds since 1970. */
export interface KeyRow {
  readonly id: string;
  readonly name: string;
  /** Of the secret in force. */
  readonly hash: string;
  /** Of the secret before, which is accepted until `previous_until`. */
  readonly previous_hash: string | null;
  readonly previous_until: number | null;
  /** JSON lists of text. */
  readonly scopes: string;
  readonly roles: string;
  readonly budget: number | null;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  /** To the minute. */
  readonly last_used_at: number | null;
}

export interface KeyTables {
  tributary_api_keys: KeyRow;
}

export type KeyDatabase = Kysely<KeyTables>;

const TIMEOUT_MS = 2_000;
/** PostgreSQL's type number of `bigint`, which pg gives as text; no number here is beyond what a double holds. */
const BIGINT = 20;

/**
 * Opens the database that a location names: `postgres://…`, or a SQLite file, made with its folder if it is not there.
 * Nothing of a server is connected before the first statement.
 */
export function openKeyDatabase(location: string, onConnectionError: (error: Error) => void): KeyDatabase {
  const dialect = /^postgres(ql)?:/.test(location) ? postgres(location, onConnectionError) : sqlite(location);
  return new Kysely<KeyTables>({ dialect });
}

function sqlite(file: string): SqliteDialect {
  if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const connection = new Libsql(file);
  // the command that issues keys writes while gateways read
  if (file !== ':memory:') connection.exec('pragma journal_mode = wal; pragma synchronous = normal');
  connection.exec('pragma busy_timeout = 2000');
  return new SqliteDialect({
    database: {
      prepare(statement) {
        const prepared = connection.prepare(statement);
        return {
          reader: prepared.reader,
          all: (parameters) => prepared.all(parameters),
          run: (parameters) => prepared.run(parameters),
          iterate: (parameters) => prepared.iterate(parameters),
        };
      },
      close: () => connection.close(),
    },
  });
}

function postgres(url: string, onConnectionError: (error: Error) => void): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: 5,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    types: {
      getTypeParser: (id, format) => (id === BIGINT ? Number : pg.types.getTypeParser(id, format)),
    },
  });
  // without a listener a connection that breaks while idle would end the process
  pool.on('error', onConnectionError);
  return new PostgresDialect({ pool });
}

const createKeys: Migration = {
  async up(db) {
    await db.schema
      .createTable('tributary_api_keys')
      .ifNotExists()
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('previous_hash', 'text')
      .addColumn('previous_until', 'bigint')
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('roles', 'text', (column) => column.notNull())
      .addColumn('budget', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .execute();
  },
};

/** In the order of their names. The tables of the migrator have names of their own: the database may hold other things. */
const migrations: Readonly<Record<string, Migration>> = { '0001-keys': createKeys };

/**
 * Brings the tables to the newest migration. Gateways and commands may do it at once: PostgreSQL has a lock for it, and on
 * SQLite who comes second finds it done.
 */
export async function migrateKeys(db: KeyDatabase): Promise<void> {
  const migrate = async (): Promise<unknown> => {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => ({ ...migrations }) },
      migrationTableName: 'tributary_key_migrations',
      migrationLockTableName: 'tributary_key_migration_lock',
    });
    return (await migrator.migrateToLatest()).error;
  };
  if ((await migrate()) === undefined) return;
  const error = await migrate();
  if (error !== undefined) throw error;
}
