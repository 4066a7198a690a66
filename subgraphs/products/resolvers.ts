import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { GraphQLCurrency, GraphQLDateTime, GraphQLNonNegativeInt } from 'graphql-scalars';
import { SubgraphError } from '../host/errors.ts';
import { type PageArguments, readPage, toConnection } from '../host/keyset.ts';
import { byKeys } from '../host/references.ts';
import type { ProductsContext } from './loaders.ts';
import { type ProductOrderName, productOrders } from './productOrders.ts';
import {
  brandsByName,
  type CategoryRow,
  type FoundRow,
  foundByRank,
  type ProductFilter,
  type ProductRow,
} from './records.ts';

const maxSearchLength = 100;
const maxSearchWords = 8;

type ProductsArguments = PageArguments & { readonly orderBy: ProductOrderName };

/** The field `products` of a category or a brand: one statement for all parents of the same kind. */
function productsUnder(kind: 'category' | 'brand') {
  return async (parent: { readonly id: string }, given: ProductsArguments, { loaders }: ProductsContext) => {
    const { orderBy } = given;
    const order = productOrders[orderBy];
    const page = readPage(given, order);
    const rows = await loaders.productsUnder[kind].load({ parent: parent.id, question: { page, orderBy } });
    return {
      ...toConnection(rows, page, order),
      totalCount: () => loaders.productCountUnder[kind].load({ parent: parent.id, question: null }),
    };
  };
}

async function products(
  _root: unknown,
  given: ProductsArguments & { readonly filter?: ProductFilter | null },
  { records }: ProductsContext,
) {
  const { orderBy } = given;
  const filter = given.filter ?? {};
  const page = readPage(given, productOrders[orderBy]);
  const rows = await records.productsOf(filter, { page, orderBy });
  return {
    ...toConnection(rows, page, productOrders[orderBy]),
    totalCount: () => records.countProducts(filter),
  };
}

async function topProducts(
  _root: unknown,
  { first }: { first: number | null },
  { records }: ProductsContext,
) {
  const page = readPage({ first: first ?? 5 }, productOrders.POPULARITY);
  const rows = await records.productsOf({}, { page, orderBy: 'POPULARITY' });
  return rows.slice(0, page.limit);
}

async function search(
  _root: unknown,
  given: PageArguments & { readonly text: string },
  { records, loaders }: ProductsContext,
) {
  const text = given.text.trim().toLowerCase();
  if (text === '' || text.length > maxSearchLength || text.split(/\s+/).length > maxSearchWords) {
    throw new SubgraphError(
      'BAD_USER_INPUT',
      `\`text\` must have 1 to ${maxSearchLength} characters and ${maxSearchWords} words at most.`,
    );
  }
  const page = readPage(given, foundByRank);
  const connection = toConnection(await records.search(text, page), page, foundByRank);
  const load = async (found: FoundRow) => {
    if (found.kind === 'Product') return withType('Product', await loaders.productById.load(found.id));
    if (found.kind === 'Category') return withType('Category', await loaders.categoryById.load(found.id));
    return withType('Brand', await loaders.brandById.load(found.id));
  };
  const nodes = await Promise.all(connection.nodes.map(load));
  return {
    edges: connection.edges.map(({ cursor }, index) => ({ cursor, node: nodes[index] })),
    nodes,
    pageInfo: connection.pageInfo,
    totalCount: () => records.countFound(text),
  };
}

/** A union needs to know which of its types a row is. */
function withType<Row extends object>(__typename: string, row: Row | null) {
  return row && { ...row, __typename };
}

export const productsResolvers: GraphQLResolverMap<ProductsContext> = {
  Currency: GraphQLCurrency,
  DateTime: GraphQLDateTime,
  NonNegativeInt: GraphQLNonNegativeInt,

  Query: {
    product: (_root, { id }: { id: string }, { loaders }) => loaders.productById.load(id),
    productBySku: (_root, { sku }: { sku: string }, { loaders }) => loaders.productBySku.load(sku),
    products,
    topProducts,
    categories: (_root, _arguments, { records }) => records.topCategories(),
    category(_root, { id, slug }: { id?: string | null; slug?: string | null }, { loaders }) {
      if (id != null && slug == null) return loaders.categoryById.load(id);
      if (slug != null && id == null) return loaders.categoryBySlug.load(slug);
      throw new SubgraphError('BAD_USER_INPUT', 'Give either `id` or `slug`.');
    },
    async brands(_root, given: PageArguments, { records }) {
      const page = readPage(given, brandsByName);
      const rows = await records.brandsOf(page);
      return { ...toConnection(rows, page, brandsByName), totalCount: () => records.countBrands() };
    },
    brand: (_root, { id }: { id: string }, { loaders }) => loaders.brandById.load(id),
    search,
  },

  Product: {
    __resolveReference: byKeys('Product', ({ loaders }: ProductsContext) => ({
      id: loaders.productById,
      sku: loaders.productBySku,
    })),
    weightGrams: (product: ProductRow) => product.weight_grams,
    costPrice: (product: ProductRow) => product.cost_price,
    category: (product: ProductRow, _arguments, { loaders }) =>
      loaders.categoryById.load(product.category_id),
    brand: (product: ProductRow, _arguments, { loaders }) => loaders.brandById.load(product.brand_id),
    tags: async (product: ProductRow, _arguments, { loaders }) =>
      (await loaders.tagsByProduct.load(product.id)).map((row) => row.tag),
    inStock: (product: ProductRow) => product.in_stock === 1,
    addedAt: (product: ProductRow) => new Date(product.added_at),
  },

  Category: {
    __resolveReference: byKeys('Category', ({ loaders }: ProductsContext) => ({
      id: loaders.categoryById,
      slug: loaders.categoryBySlug,
    })),
    parent: (category: CategoryRow, _arguments, { loaders }) =>
      category.parent_id === null ? null : loaders.categoryById.load(category.parent_id),
    children: (category: CategoryRow, _arguments, { loaders }) =>
      loaders.categoriesByParent.load(category.id),
    products: productsUnder('category'),
  },

  Brand: {
    __resolveReference: byKeys('Brand', ({ loaders }: ProductsContext) => ({ id: loaders.brandById })),
    products: productsUnder('brand'),
  },

  CatalogueEntry: {
    __resolveType: (row: { readonly __typename: string }) => row.__typename,
  },
};
