import { isMain, runSubgraph } from '../host/run.ts';
import type { SubgraphDefinition } from '../host/subgraph.ts';
import { type ProductsContext, productsLoaders } from './loaders.ts';
import { tables } from './migrations/tables.ts';
import { productsPermissions } from './permissions.ts';
import { type ProductsTables, productsRecords } from './records.ts';
import { productsResolvers } from './resolvers.ts';
import { seedProducts } from './seed.ts';

/** The catalogue: products, categories, brands, and the search over them. */
export const products: SubgraphDefinition<ProductsTables, ProductsContext> = {
  name: 'products',
  port: 4002,
  folder: import.meta.dirname,
  migrations: { '0001-tables': tables },
  resolvers: productsResolvers,
  permissions: productsPermissions,
  seed: seedProducts,
  async open({ db }) {
    const records = productsRecords(db);
    return { context: (principal) => ({ records, loaders: productsLoaders(records), principal }) };
  },
};

if (isMain(import.meta.url)) await runSubgraph(products);
