import { type Kysely, sql } from 'kysely';
import { type KeysetOrder, keysetCondition, keysetOrderBy, type Page } from '../host/keyset.ts';
import { type ProductOrderName, productOrders } from './productOrders.ts';

interface EntryTable {
  id: string;
  name: string;
  slug: string;
  description: string;
  /** What the search reads: name, description and tags in lower case. */
  search_text: string;
}

interface ProductTable extends EntryTable {
  sku: string;
  /** In the smallest unit of the currency. */
  price: number;
  currency: string;
  cost_price: number;
  weight_grams: number;
  category_id: string;
  brand_id: string;
  /** 0 or 1: SQLite has no boolean. */
  in_stock: number;
  popularity: number;
  /** Milliseconds since 1970. */
  added_at: number;
}

/** The tables of `migrations/`. */
export interface ProductsTables {
  products: ProductTable;
  product_tags: { product_id: string; tag: string };
  categories: EntryTable & { parent_id: string | null };
  category_ancestors: { category_id: string; ancestor_id: string };
  brands: EntryTable;
}

export type ProductRow = Omit<ProductTable, 'search_text'>;
export type CategoryRow = Omit<ProductsTables['categories'], 'search_text'>;
export type BrandRow = Omit<EntryTable, 'search_text'>;

export interface ProductFilter {
  readonly categoryId?: string | null;
  readonly brandId?: string | null;
  readonly tag?: string | null;
  readonly priceFrom?: number | null;
  readonly priceTo?: number | null;
}

/** A page of products below each of several parents. */
export interface ProductsQuestion {
  readonly page: Page;
  readonly orderBy: ProductOrderName;
}

/** Something found: which row it is, and what it is ordered by. */
export interface FoundRow {
  readonly id: string;
  readonly kind: 'Product' | 'Category' | 'Brand';
  readonly rank: number;
  readonly name: string;
}

const entryColumns = ['id', 'name', 'slug', 'description'] as const;
const productColumns = [
  'products.id',
  'products.sku',
  'products.name',
  'products.slug',
  'products.description',
  'products.price',
  'products.currency',
  'products.cost_price',
  'products.weight_grams',
  'products.category_id',
  'products.brand_id',
  'products.in_stock',
  'products.popularity',
  'products.added_at',
] as const;

export const brandsByName: KeysetOrder<BrandRow> = {
  name: 'BRAND_NAME',
  columns: [
    { column: 'brands.name', direction: 'asc', type: 'string', value: (brand) => brand.name },
    { column: 'brands.id', direction: 'asc', type: 'string', value: (brand) => brand.id },
  ],
};

export const foundByRank: KeysetOrder<FoundRow> = {
  name: 'FOUND',
  columns: [
    { column: 'found.rank', direction: 'asc', type: 'number', value: (row) => row.rank },
    { column: 'found.name', direction: 'asc', type: 'string', value: (row) => row.name },
    { column: 'found.kind', direction: 'asc', type: 'string', value: (row) => row.kind },
    { column: 'found.id', direction: 'asc', type: 'string', value: (row) => row.id },
  ],
};

/** All SQL of the products. */
export function productsRecords(db: Kysely<ProductsTables>) {
  const filtered = (filter: ProductFilter) => {
    let query = db.selectFrom('products');
    const { categoryId, brandId, tag, priceFrom, priceTo } = filter;
    if (categoryId != null) {
      query = query.where('products.category_id', 'in', (from) =>
        from.selectFrom('category_ancestors').select('category_id').where('ancestor_id', '=', categoryId),
      );
    }
    if (brandId != null) query = query.where('products.brand_id', '=', brandId);
    if (tag != null) {
      query = query.where('products.id', 'in', (from) =>
        from.selectFrom('product_tags').select('product_id').where('tag', '=', tag),
      );
    }
    if (priceFrom != null) query = query.where('products.price', '>=', priceFrom);
    if (priceTo != null) query = query.where('products.price', '<=', priceTo);
    return query;
  };

  /** Products with the parent they are listed under: each category above them, or their brand. */
  const under = (parent: 'category' | 'brand') =>
    parent === 'brand'
      ? db
          .selectFrom('products')
          .select((from) => [...productColumns, from.ref('products.brand_id').as('parent_id')])
      : db
          .selectFrom('products')
          .innerJoin('category_ancestors', 'category_ancestors.category_id', 'products.category_id')
          .select((from) => [...productColumns, from.ref('category_ancestors.ancestor_id').as('parent_id')]);

  const found = (text: string) => {
    const begin = `${escapePattern(text)}%`;
    const within = `%${escapePattern(text)}%`;
    const rank = sql<number>`case when lower(name) like ${begin} escape '\\' then 0
      when lower(name) like ${within} escape '\\' then 1 else 2 end`;
    const words = text
      .split(/\s+/)
      .map((word) => sql`search_text like ${`%${escapePattern(word)}%`} escape '\\'`);
    const everyWord = sql<boolean>`${sql.join(words, sql` and `)}`;
    const part = (table: 'products' | 'categories' | 'brands', kind: FoundRow['kind']) =>
      sql`select id, name, ${rank} as rank, ${sql.lit(kind)} as kind from ${sql.table(table)} where ${everyWord}`;
    return sql<FoundRow>`(${part('products', 'Product')} union all ${part('categories', 'Category')}
      union all ${part('brands', 'Brand')})`;
  };

  return {
    productsById: (ids: readonly string[]): Promise<ProductRow[]> =>
      db.selectFrom('products').select(productColumns).where('id', 'in', ids).execute(),

    productsBySku: (skus: readonly string[]): Promise<ProductRow[]> =>
      db.selectFrom('products').select(productColumns).where('sku', 'in', skus).execute(),

    /** One row more than the page holds, when there is one. */
    productsOf: (filter: ProductFilter, { page, orderBy }: ProductsQuestion): Promise<ProductRow[]> =>
      filtered(filter)
        .select(productColumns)
        .where(keysetCondition(productOrders[orderBy], page))
        .orderBy(keysetOrderBy(productOrders[orderBy], page))
        .limit(page.limit + 1)
        .execute(),

    async countProducts(filter: ProductFilter): Promise<number> {
      const row = await filtered(filter)
        .select((from) => from.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return row.count;
    },

    /** A page below each parent, in one statement: the rows are numbered per parent, and the first ones kept. */
    async productsUnder(
      kind: 'category' | 'brand',
      parents: readonly string[],
      { page, orderBy }: ProductsQuestion,
    ): Promise<Map<string, ProductRow[]>> {
      const order = productOrders[orderBy];
      const rows = await db
        .with('numbered', () =>
          db
            .selectFrom(under(kind).as('products'))
            .selectAll()
            .select(
              sql<number>`row_number() over (partition by products.parent_id order by ${keysetOrderBy(order, page)})`.as(
                'position',
              ),
            )
            .where('products.parent_id', 'in', parents)
            .where(keysetCondition(order, page)),
        )
        .selectFrom('numbered')
        .selectAll()
        .where('position', '<=', page.limit + 1)
        .orderBy('position')
        .execute();
      return grouped(rows, (row) => row.parent_id);
    },

    async countProductsUnder(
      kind: 'category' | 'brand',
      parents: readonly string[],
    ): Promise<Map<string, number>> {
      const rows = await db
        .selectFrom(under(kind).as('products'))
        .select((from) => ['products.parent_id', from.fn.countAll<number>().as('count')])
        .where('products.parent_id', 'in', parents)
        .groupBy('products.parent_id')
        .execute();
      return new Map(rows.map((row) => [row.parent_id, row.count]));
    },

    tagsOf: (productIds: readonly string[]) =>
      db
        .selectFrom('product_tags')
        .selectAll()
        .where('product_id', 'in', productIds)
        .orderBy('tag')
        .execute(),

    categoriesById: (ids: readonly string[]): Promise<CategoryRow[]> =>
      db
        .selectFrom('categories')
        .select([...entryColumns, 'parent_id'])
        .where('id', 'in', ids)
        .execute(),

    categoriesBySlug: (slugs: readonly string[]): Promise<CategoryRow[]> =>
      db
        .selectFrom('categories')
        .select([...entryColumns, 'parent_id'])
        .where('slug', 'in', slugs)
        .execute(),

    topCategories: (): Promise<CategoryRow[]> =>
      db
        .selectFrom('categories')
        .select([...entryColumns, 'parent_id'])
        .where('parent_id', 'is', null)
        .orderBy('name')
        .execute(),

    categoriesUnder: (parentIds: readonly string[]): Promise<CategoryRow[]> =>
      db
        .selectFrom('categories')
        .select([...entryColumns, 'parent_id'])
        .where('parent_id', 'in', parentIds)
        .orderBy('name')
        .execute(),

    brandsById: (ids: readonly string[]): Promise<BrandRow[]> =>
      db.selectFrom('brands').select(entryColumns).where('id', 'in', ids).execute(),

    brandsOf: (page: Page): Promise<BrandRow[]> =>
      db
        .selectFrom('brands')
        .select(entryColumns)
        .where(keysetCondition(brandsByName, page))
        .orderBy(keysetOrderBy(brandsByName, page))
        .limit(page.limit + 1)
        .execute(),

    async countBrands(): Promise<number> {
      const row = await db
        .selectFrom('brands')
        .select((from) => from.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return row.count;
    },

    /** @param text in lower case, not empty */
    async search(text: string, page: Page): Promise<readonly FoundRow[]> {
      const { rows } = await sql<FoundRow>`select * from ${found(text)} as found
        where ${keysetCondition(foundByRank, page)}
        order by ${keysetOrderBy(foundByRank, page)} limit ${page.limit + 1}`.execute(db);
      return rows;
    },

    async countFound(text: string): Promise<number> {
      const { rows } = await sql<{
        count: number;
      }>`select count(*) as count from ${found(text)} as found`.execute(db);
      return rows[0]?.count ?? 0;
    },
  };
}

export type ProductsRecords = ReturnType<typeof productsRecords>;

/** `%` and `_` mean themselves in what a client searches for. */
function escapePattern(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
