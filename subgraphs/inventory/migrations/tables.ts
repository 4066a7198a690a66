import { type Migration, sql } from 'kysely';

/** Locations, what they keep, and what of it is put aside. */
export const tables: Migration = {
  async up(db) {
    await db.schema
      .createTable('locations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('city', 'text', (column) => column.notNull())
      .addColumn('country', 'text', (column) => column.notNull())
      .addColumn('address', 'text')
      .addColumn('dispatch_cut_off', 'text')
      .execute();
    await db.schema
      .createTable('opening_hours')
      .addColumn('location_id', 'text', (column) =>
        column.notNull().references('locations.id').onDelete('cascade'),
      )
      .addColumn('weekday', 'integer', (column) => column.notNull())
      .addColumn('opens', 'text', (column) => column.notNull())
      .addColumn('closes', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('opening_hours_key', ['location_id', 'weekday'])
      .execute();
    await db.schema
      .createTable('stock')
      .addColumn('product_id', 'text', (column) => column.notNull())
      .addColumn('location_id', 'text', (column) => column.notNull().references('locations.id'))
      .addColumn('on_hand', 'integer', (column) => column.notNull())
      .addColumn('reserved', 'integer', (column) => column.notNull())
      .addColumn('reorder_point', 'integer', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('stock_key', ['product_id', 'location_id'])
      // the last word against overselling, whatever the code above it does
      .addCheckConstraint('stock_not_negative', sql`reserved >= 0 and on_hand >= reserved`)
      .execute();
    await db.schema
      .createIndex('stock_by_location')
      .on('stock')
      .columns(['location_id', 'product_id'])
      .execute();
    await db.schema
      .createTable('reservations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('idempotency_key', 'text', (column) => column.notNull().unique())
      // what was asked for, so that a key used for something else is noticed
      .addColumn('request', 'text', (column) => column.notNull())
      .addColumn('product_id', 'text', (column) => column.notNull())
      .addColumn('location_id', 'text', (column) => column.notNull().references('locations.id'))
      .addColumn('quantity', 'integer', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('reservations_by_expiry')
      .on('reservations')
      .columns(['status', 'expires_at', 'product_id'])
      .execute();
  },
};
