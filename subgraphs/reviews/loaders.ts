import { groupLoader, parentLoader, rowLoader } from '../host/batchLoaders.ts';
import type { Page } from '../host/keyset.ts';
import type { Principal } from '../host/principal.ts';
import type { ReviewRow, ReviewsQuestion, ReviewsRecords, ServiceReviewRow } from './records.ts';

/** What the resolvers of one request share. */
export interface ReviewsContext {
  readonly records: ReviewsRecords;
  readonly loaders: ReviewsLoaders;
  /** Who asks. */
  readonly principal: Principal;
}

/** Makes the loaders of one request. */
export function reviewsLoaders(records: ReviewsRecords) {
  return {
    reviewById: rowLoader(records.reviewsById, (review) => review.id),
    serviceReviewById: rowLoader(records.serviceReviewsById, (review) => review.id),
    reviewsByProduct: parentLoader<ReviewsQuestion, readonly ReviewRow[]>(
      records.reviewsOfProducts,
      () => [],
    ),
    reviewsByAuthor: parentLoader<ReviewsQuestion, readonly ReviewRow[]>(records.reviewsOfAuthors, () => []),
    countByAuthor: parentLoader<null, number>(records.countByAuthor, () => 0),
    ratingCountsByProduct: groupLoader(records.ratingCounts, (row) => row.product_id),
    serviceReviewsByLocation: parentLoader<Page, readonly ServiceReviewRow[]>(
      records.serviceReviewsOf,
      () => [],
    ),
    serviceRatingByLocation: rowLoader(records.serviceRatings, (row) => row.location_id),
  };
}

export type ReviewsLoaders = ReturnType<typeof reviewsLoaders>;
