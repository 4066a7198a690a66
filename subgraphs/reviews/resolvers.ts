import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { GraphQLDateTime, GraphQLNonNegativeInt } from 'graphql-scalars';
import { type PageArguments, readPage, toConnection } from '../host/keyset.ts';
import { byKeys } from '../host/references.ts';
import type { ReviewsContext } from './loaders.ts';
import type { RatingCountRow, ReviewFilter, ReviewRow, ServiceReviewRow } from './records.ts';
import { type ReviewOrderName, reviewOrders, serviceReviewsNewest } from './reviewOrders.ts';
import { voteHelpful, writeReview } from './writeReview.ts';

type ReviewsArguments = PageArguments & { readonly orderBy: ReviewOrderName };
interface Reference {
  readonly id: string;
}

function countOf(rows: readonly RatingCountRow[]): number {
  return rows.reduce((sum, row) => sum + row.count, 0);
}

function mean(sum: number, count: number): number | null {
  return count === 0 ? null : Math.round((100 * sum) / count) / 100;
}

/** Author and time are written the same way in both kinds of reviews. */
const authored = {
  author: (review: ReviewRow | ServiceReviewRow) => ({
    id: review.author_id,
    username: review.author_username,
  }),
  createdAt: (review: ReviewRow | ServiceReviewRow) => new Date(review.created_at),
};

export const reviewsResolvers: GraphQLResolverMap<ReviewsContext> = {
  DateTime: GraphQLDateTime,
  NonNegativeInt: GraphQLNonNegativeInt,

  Query: {
    review: (_root, { id }: Reference, { loaders }) => loaders.reviewById.load(id),
    async reviews(_root, given: ReviewsArguments & { readonly filter?: ReviewFilter | null }, { records }) {
      const { orderBy } = given;
      const filter = given.filter ?? {};
      const page = readPage(given, reviewOrders[orderBy]);
      const rows = await records.reviewsOf(filter, { page, orderBy });
      return {
        ...toConnection(rows, page, reviewOrders[orderBy]),
        totalCount: () => records.countReviews(filter),
      };
    },
  },

  Mutation: { writeReview, voteHelpful },

  Review: {
    ...authored,
    __resolveReference: byKeys('Review', ({ loaders }: ReviewsContext) => ({ id: loaders.reviewById })),
    product: (review: ReviewRow) => ({ id: review.product_id }),
    helpfulVotes: (review: ReviewRow) => review.helpful_votes,
  },

  ServiceReview: {
    ...authored,
    __resolveReference: byKeys('ServiceReview', ({ loaders }: ReviewsContext) => ({
      id: loaders.serviceReviewById,
    })),
    location: (review: ServiceReviewRow) => ({ id: review.location_id }),
  },

  // users, products and locations belong to other subgraphs: any id is one, and may have no reviews
  User: {
    __resolveReference: (reference: Reference) => reference,
    async reviews(user: Reference, given: PageArguments, { loaders }) {
      const page = readPage(given, reviewOrders.NEWEST);
      const rows = await loaders.reviewsByAuthor.load({
        parent: user.id,
        question: { page, orderBy: 'NEWEST' },
      });
      return {
        ...toConnection(rows, page, reviewOrders.NEWEST),
        totalCount: () => loaders.countByAuthor.load({ parent: user.id, question: null }),
      };
    },
    reviewCount: (user: Reference, _arguments, { loaders }) =>
      loaders.countByAuthor.load({ parent: user.id, question: null }),
  },

  Product: {
    __resolveReference: (reference: Reference) => reference,
    async reviews(product: Reference, given: ReviewsArguments, { loaders }) {
      const { orderBy } = given;
      const page = readPage(given, reviewOrders[orderBy]);
      const rows = await loaders.reviewsByProduct.load({ parent: product.id, question: { page, orderBy } });
      return {
        ...toConnection(rows, page, reviewOrders[orderBy]),
        totalCount: async () => countOf(await loaders.ratingCountsByProduct.load(product.id)),
      };
    },
    async helpfulReviews(product: Reference, _arguments, { loaders }) {
      const page = readPage({ first: 20 }, reviewOrders.MOST_HELPFUL);
      const question = { page, orderBy: 'MOST_HELPFUL' } as const;
      const rows = await loaders.reviewsByProduct.load({ parent: product.id, question });
      return rows.slice(0, page.limit);
    },
    async averageRating(product: Reference, _arguments, { loaders }) {
      const rows = await loaders.ratingCountsByProduct.load(product.id);
      const sum = rows.reduce((total, row) => total + row.rating * row.count, 0);
      return mean(sum, countOf(rows));
    },
    reviewCount: async (product: Reference, _arguments, { loaders }) =>
      countOf(await loaders.ratingCountsByProduct.load(product.id)),
    async ratingHistogram(product: Reference, _arguments, { loaders }) {
      const rows = await loaders.ratingCountsByProduct.load(product.id);
      return [5, 4, 3, 2, 1].map((rating) => ({
        rating,
        count: rows.find((row) => row.rating === rating)?.count ?? 0,
      }));
    },
  },

  Location: {
    __resolveReference: (reference: Reference) => reference,
    async serviceRating(location: Reference, _arguments, { loaders }) {
      const row = await loaders.serviceRatingByLocation.load(location.id);
      return row && mean(row.sum, row.count);
    },
    async serviceReviews(location: Reference, given: PageArguments, { loaders }) {
      const page = readPage(given, serviceReviewsNewest);
      const rows = await loaders.serviceReviewsByLocation.load({ parent: location.id, question: page });
      return {
        ...toConnection(rows, page, serviceReviewsNewest),
        totalCount: async () => (await loaders.serviceRatingByLocation.load(location.id))?.count ?? 0,
      };
    },
  },
};
