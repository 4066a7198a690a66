import { type Kysely, type Migration, Migrator, type Transaction } from 'kysely';

/** A subgraph's migrations by name; they run in the order of their names, in both databases. */
export type Migrations = Readonly<Record<string, Migration>>;

interface SeedTable {
  seeds: { name: string; planted_at: string };
}

/** Comes before every subgraph's own migrations: remembers that the example rows were written. */
const createSeeds: Migration = {
  async up(db) {
    await db.schema
      .createTable('seeds')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('planted_at', 'text', (column) => column.notNull())
      .execute();
  },
};

/**
 * Brings the database to the newest migration. Several processes may do it at once on PostgreSQL: Kysely takes a lock.
 *
 * @throws what the failing migration threw
 */
export async function migrate<Tables>(db: Kysely<Tables>, migrations: Migrations): Promise<void> {
  const all = { '0000-seeds': createSeeds, ...migrations };
  const migrator = new Migrator({ db, provider: { getMigrations: async () => all } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

/**
 * Fills a new database with the example rows, in one transaction, once in its life: rows that were deleted later do
 * not come back, and of several processes that start together one does it while the others wait for it.
 *
 * @returns whether this call wrote them
 */
export async function seedOnce<Tables>(
  db: Kysely<Tables>,
  seed: (transaction: Transaction<Tables>) => Promise<void>,
): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const mark = await (transaction as unknown as Transaction<SeedTable>)
      .insertInto('seeds')
      .values({ name: 'example', planted_at: new Date().toISOString() })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst();
    if (!mark) return false;
    await seed(transaction);
    return true;
  });
}

/** Cuts rows into statements that stay below the parameter limits of both databases. */
export function* inBatches<Row>(rows: readonly Row[], size = 200): Generator<Row[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
}
