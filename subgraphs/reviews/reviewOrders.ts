import type { KeysetColumn, KeysetOrder } from '../host/keyset.ts';
import type { ReviewRow, ServiceReviewRow } from './records.ts';

/** The values of the enum `ReviewOrder`. */
export type ReviewOrderName = 'NEWEST' | 'OLDEST' | 'MOST_HELPFUL' | 'BEST' | 'WORST';

const by = (
  column: 'created_at' | 'helpful_votes' | 'rating',
  direction: 'asc' | 'desc',
): readonly KeysetColumn<ReviewRow>[] => [
  { column: `reviews.${column}`, direction, type: 'number', value: (review) => review[column] },
  // the id goes the same way as the column before it, so that one index serves both directions
  { column: 'reviews.id', direction, type: 'string', value: (review) => review.id },
];

/** Each order of the reviews, with the id last, so that equal ratings still have an order. */
export const reviewOrders: Readonly<Record<ReviewOrderName, KeysetOrder<ReviewRow>>> = {
  NEWEST: { name: 'NEWEST', columns: by('created_at', 'desc') },
  OLDEST: { name: 'OLDEST', columns: by('created_at', 'asc') },
  MOST_HELPFUL: { name: 'MOST_HELPFUL', columns: by('helpful_votes', 'desc') },
  BEST: { name: 'BEST', columns: by('rating', 'desc') },
  WORST: { name: 'WORST', columns: by('rating', 'asc') },
};

export const serviceReviewsNewest: KeysetOrder<ServiceReviewRow> = {
  name: 'SERVICE_NEWEST',
  columns: [
    {
      column: 'service_reviews.created_at',
      direction: 'desc',
      type: 'number',
      value: (review) => review.created_at,
    },
    { column: 'service_reviews.id', direction: 'desc', type: 'string', value: (review) => review.id },
  ],
};
