import { type Migration, sql } from 'kysely';

/** Reviews of products with their votes, and reviews of the service at a location. */
export const tables: Migration = {
  async up(db) {
    await db.schema
      .createTable('reviews')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('product_id', 'text', (column) => column.notNull())
      .addColumn('author_id', 'text', (column) => column.notNull())
      .addColumn('author_username', 'text', (column) => column.notNull())
      .addColumn('rating', 'integer', (column) => column.notNull().check(sql`rating between 1 and 5`))
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('helpful_votes', 'integer', (column) => column.notNull())
      .addColumn('suspicion', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('one_review_each', ['product_id', 'author_id'])
      .execute();
    for (const column of ['created_at', 'helpful_votes', 'rating']) {
      await db.schema.createIndex(`reviews_by_${column}`).on('reviews').columns([column, 'id']).execute();
      await db.schema
        .createIndex(`product_reviews_by_${column}`)
        .on('reviews')
        .columns(['product_id', column, 'id'])
        .execute();
    }
    await db.schema
      .createIndex('reviews_by_author')
      .on('reviews')
      .columns(['author_id', 'created_at', 'id'])
      .execute();
    await db.schema
      .createTable('review_votes')
      .addColumn('review_id', 'text', (column) =>
        column.notNull().references('reviews.id').onDelete('cascade'),
      )
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('review_votes_key', ['review_id', 'user_id'])
      .execute();
    await db.schema
      .createTable('service_reviews')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('location_id', 'text', (column) => column.notNull())
      .addColumn('author_id', 'text', (column) => column.notNull())
      .addColumn('author_username', 'text', (column) => column.notNull())
      .addColumn('rating', 'integer', (column) => column.notNull().check(sql`rating between 1 and 5`))
      .addColumn('comment', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('service_reviews_by_location')
      .on('service_reviews')
      .columns(['location_id', 'created_at', 'id'])
      .execute();
  },
};
