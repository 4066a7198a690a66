import { groupLoader, parentLoader, rowLoader } from '../host/batchLoaders.ts';
import type { Principal } from '../host/principal.ts';
import type { ProductRow, ProductsQuestion, ProductsRecords } from './records.ts';

/** What the resolvers of one request share. */
export interface ProductsContext {
  readonly records: ProductsRecords;
  readonly loaders: ProductsLoaders;
  /** Who asks. */
  readonly principal: Principal;
}

/** Makes the loaders of one request. */
export function productsLoaders(records: ProductsRecords) {
  const pages = (kind: 'category' | 'brand') =>
    parentLoader<ProductsQuestion, readonly ProductRow[]>(
      (parents, question) => records.productsUnder(kind, parents, question),
      () => [],
    );
  const counts = (kind: 'category' | 'brand') =>
    parentLoader<null, number>(
      (parents) => records.countProductsUnder(kind, parents),
      () => 0,
    );
  return {
    productById: rowLoader(records.productsById, (product) => product.id),
    productBySku: rowLoader(records.productsBySku, (product) => product.sku),
    categoryById: rowLoader(records.categoriesById, (category) => category.id),
    categoryBySlug: rowLoader(records.categoriesBySlug, (category) => category.slug),
    brandById: rowLoader(records.brandsById, (brand) => brand.id),
    tagsByProduct: groupLoader(records.tagsOf, (row) => row.product_id),
    categoriesByParent: groupLoader(records.categoriesUnder, (category) => category.parent_id ?? ''),
    productsUnder: { category: pages('category'), brand: pages('brand') },
    productCountUnder: { category: counts('category'), brand: counts('brand') },
  };
}

export type ProductsLoaders = ReturnType<typeof productsLoaders>;
