import type { Migration } from 'kysely';

/** The catalogue: products, the tree of categories, brands, tags. */
export const tables: Migration = {
  async up(db) {
    await db.schema
      .createTable('categories')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('parent_id', 'text', (column) => column.references('categories.id'))
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('slug', 'text', (column) => column.notNull().unique())
      .addColumn('description', 'text', (column) => column.notNull())
      .addColumn('search_text', 'text', (column) => column.notNull())
      .execute();
    // every category with itself and all above it: "everything below" without recursion
    await db.schema
      .createTable('category_ancestors')
      .addColumn('category_id', 'text', (column) => column.notNull().references('categories.id'))
      .addColumn('ancestor_id', 'text', (column) => column.notNull().references('categories.id'))
      .addPrimaryKeyConstraint('category_ancestors_key', ['ancestor_id', 'category_id'])
      .execute();
    await db.schema
      .createTable('brands')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('slug', 'text', (column) => column.notNull().unique())
      .addColumn('description', 'text', (column) => column.notNull())
      .addColumn('search_text', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('products')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('sku', 'text', (column) => column.notNull().unique())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('slug', 'text', (column) => column.notNull().unique())
      .addColumn('description', 'text', (column) => column.notNull())
      .addColumn('price', 'integer', (column) => column.notNull())
      .addColumn('currency', 'text', (column) => column.notNull())
      .addColumn('cost_price', 'integer', (column) => column.notNull())
      .addColumn('weight_grams', 'integer', (column) => column.notNull())
      .addColumn('category_id', 'text', (column) => column.notNull().references('categories.id'))
      .addColumn('brand_id', 'text', (column) => column.notNull().references('brands.id'))
      .addColumn('in_stock', 'integer', (column) => column.notNull())
      .addColumn('popularity', 'integer', (column) => column.notNull())
      .addColumn('added_at', 'bigint', (column) => column.notNull())
      .addColumn('search_text', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('product_tags')
      .addColumn('product_id', 'text', (column) =>
        column.notNull().references('products.id').onDelete('cascade'),
      )
      .addColumn('tag', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('product_tags_key', ['product_id', 'tag'])
      .execute();
    // one index for each order that products can be listed in, and for each way to narrow the list
    for (const column of ['name', 'price', 'added_at', 'popularity', 'category_id', 'brand_id']) {
      await db.schema.createIndex(`products_by_${column}`).on('products').columns([column, 'id']).execute();
    }
    await db.schema
      .createIndex('product_tags_by_tag')
      .on('product_tags')
      .columns(['tag', 'product_id'])
      .execute();
  },
};
