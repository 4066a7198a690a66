import { createRemoteJWKSet } from 'jose';
import { z } from 'zod';
import { readPrincipal } from '../host/bearerToken.ts';
import { isMain, runSubgraph } from '../host/run.ts';
import { readEnvironment } from '../host/settings.ts';
import type { SubgraphDefinition } from '../host/subgraph.ts';
import { type ReviewsContext, reviewsLoaders } from './loaders.ts';
import { tables } from './migrations/tables.ts';
import { type ReviewsTables, reviewsRecords } from './records.ts';
import { reviewsResolvers } from './resolvers.ts';
import { seedReviews } from './seed.ts';

const shape = {
  ACCOUNTS_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'an http: or https: URL' })
    .default('http://127.0.0.1:4001/.well-known/jwks.json'),
};

/** Reviews of products and of the service; they are written by whoever the accounts' token names. */
export const reviews: SubgraphDefinition<ReviewsTables, ReviewsContext> = {
  name: 'reviews',
  port: 4004,
  folder: import.meta.dirname,
  migrations: { '0001-tables': tables },
  resolvers: reviewsResolvers,
  seed: seedReviews,
  async open({ db, environment }) {
    const settings = readEnvironment(shape, environment);
    const records = reviewsRecords(db);
    // fetched when the first token comes, then kept: reviews start and read without the accounts
    const findKey = createRemoteJWKSet(new URL(settings.ACCOUNTS_JWKS_URL), {
      timeoutDuration: 3_000,
      // how soon after a fetch an unknown key may cause another one: accounts with a new database have a new key
      cooldownDuration: 5_000,
    });
    return {
      context(headers) {
        let principal: ReturnType<typeof readPrincipal> | undefined;
        return {
          records,
          loaders: reviewsLoaders(records),
          principal() {
            principal ??= readPrincipal(headers.authorization, findKey);
            return principal;
          },
        };
      },
    };
  },
};

if (isMain(import.meta.url)) await runSubgraph(reviews);
