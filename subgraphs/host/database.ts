import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Kysely, type LogEvent, PostgresAdapter, PostgresDialect, SqliteDialect } from 'kysely';
import Libsql from 'libsql';
import pg from 'pg';
import type { DatabaseLocation } from './settings.ts';

export interface DatabaseOptions {
  /** Called with every statement that was run; tests count them. */
  readonly onStatement?: (event: LogEvent) => void;
  /** Called when an idle connection to the server breaks; the pool replaces it. */
  readonly onConnectionError?: (error: Error) => void;
}

/**
 * Opens a subgraph's own database. Nothing is connected before the first statement, except that a SQLite file is
 * created with its folder. The caller owns it and ends it with `destroy()`.
 */
export function openDatabase<Tables>(
  location: DatabaseLocation,
  options: DatabaseOptions = {},
): Kysely<Tables> {
  const log = options.onStatement;
  const dialect =
    location.kind === 'sqlite' ? openSqlite(location.file) : openPostgres(location.url, options);
  return new Kysely<Tables>(log ? { dialect, log } : { dialect });
}

/** Whether statements go to PostgreSQL; SQLite otherwise. */
export function isPostgres(db: Kysely<never> | { getExecutor(): { adapter: unknown } }): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

function openSqlite(file: string): SqliteDialect {
  if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const connection = new Libsql(file);
  // write-ahead log: a reader such as a database browser does not block the process that writes
  if (file !== ':memory:') connection.exec('pragma journal_mode = wal; pragma synchronous = normal');
  connection.exec('pragma foreign_keys = on; pragma busy_timeout = 5000');
  const prepare = statementsOf(connection);
  return new SqliteDialect({
    database: {
      prepare(statement) {
        const prepared = prepare(statement);
        return {
          reader: prepared.reader,
          all: (parameters) => prepared.all(parameters),
          run: (parameters) => prepared.run(parameters),
          iterate: (parameters) => prepared.iterate(parameters),
        };
      },
      close() {
        // everything into the one file, so that it can be copied; the log would otherwise wait for the next start
        if (file !== ':memory:') connection.exec('pragma wal_checkpoint(truncate)');
        connection.close();
      },
    },
  });
}

const maxPreparedStatements = 200;

/**
 * Prepares statements once: preparing takes most of the time of a short one (31 of 39 µs for an upsert of one row). They
 * can be shared, since the one connection runs one after the other, each to its end.
 */
function statementsOf(connection: Libsql.Database): (text: string) => Libsql.Statement {
  const prepared = new Map<string, Libsql.Statement>();
  return (text) => {
    const known = prepared.get(text);
    if (known) return known;
    const statement = connection.prepare(text);
    // after a change of the tables the columns of a result may be others; lists of values of any length fill it as well
    if (/^\s*(create|alter|drop)\b/i.test(text) || prepared.size >= maxPreparedStatements) prepared.clear();
    else prepared.set(text, statement);
    return statement;
  };
}

/** PostgreSQL's type numbers of `bigint` and `numeric`: `count(*)`, `sum()` and `avg()` answer them. */
const numberTypes = new Set([20, 1700]);

function openPostgres(url: string, options: DatabaseOptions): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: 5,
    connectionTimeoutMillis: 5_000,
    // pg gives these two as strings; no number here is beyond what a double holds exactly
    types: {
      getTypeParser: (id, format) => (numberTypes.has(id) ? Number : pg.types.getTypeParser(id, format)),
    },
  });
  // without a listener a connection that breaks while idle would end the process
  pool.on('error', (error) => options.onConnectionError?.(error));
  return new PostgresDialect({ pool });
}

/**
 * Whether the database refused a value that a client gave: PostgreSQL knows no character U+0000, and its integers end
 * at 2^31. SQLite takes both.
 *
 * Source: PostgreSQL documentation, appendix A, class 22 "data exception".
 */
export function isDataException(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code?.startsWith('22') === true;
}
