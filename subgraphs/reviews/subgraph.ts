import { isMain, runSubgraph } from '../host/run.ts';
import type { SubgraphDefinition } from '../host/subgraph.ts';
import { type ReviewsContext, reviewsLoaders } from './loaders.ts';
import { tables } from './migrations/tables.ts';
import { reviewsPermissions } from './permissions.ts';
import { type ReviewsTables, reviewsRecords } from './records.ts';
import { reviewsResolvers } from './resolvers.ts';
import { seedReviews } from './seed.ts';

/** Reviews of products and of the service; they are written by whoever the gateway says is signed in. */
export const reviews: SubgraphDefinition<ReviewsTables, ReviewsContext> = {
  name: 'reviews',
  port: 4004,
  folder: import.meta.dirname,
  migrations: { '0001-tables': tables },
  resolvers: reviewsResolvers,
  permissions: reviewsPermissions,
  seed: seedReviews,
  async open({ db }) {
    const records = reviewsRecords(db);
    return { context: (principal) => ({ records, loaders: reviewsLoaders(records), principal }) };
  },
};

if (isMain(import.meta.url)) await runSubgraph(reviews);
