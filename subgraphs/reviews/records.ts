import { type Kysely, sql } from 'kysely';
import { keysetCondition, keysetOrderBy, type Page } from '../host/keyset.ts';
import { type ReviewOrderName, reviewOrders, serviceReviewsNewest } from './reviewOrders.ts';

export interface ReviewRow {
  id: string;
  product_id: string;
  author_id: string;
  author_username: string;
  rating: number;
  title: string;
  body: string;
  helpful_votes: number;
  suspicion: number;
  /** Milliseconds since 1970. */
  created_at: number;
}

export interface ServiceReviewRow {
  id: string;
  location_id: string;
  author_id: string;
  author_username: string;
  rating: number;
  comment: string;
  /** Milliseconds since 1970. */
  created_at: number;
}

/** The tables of `migrations/`. */
export interface ReviewsTables {
  reviews: ReviewRow;
  review_votes: { review_id: string; user_id: string };
  service_reviews: ServiceReviewRow;
}

export interface ReviewFilter {
  readonly ratingFrom?: number | null;
  readonly ratingTo?: number | null;
}

/** A page of reviews below each of several parents. */
export interface ReviewsQuestion {
  readonly page: Page;
  readonly orderBy: ReviewOrderName;
}

/** How many reviews of a product gave a rating. */
export interface RatingCountRow {
  readonly product_id: string;
  readonly rating: number;
  readonly count: number;
}

/** All SQL of the reviews. */
export function reviewsRecords(db: Kysely<ReviewsTables>) {
  const filtered = ({ ratingFrom, ratingTo }: ReviewFilter) => {
    let query = db.selectFrom('reviews');
    if (ratingFrom != null) query = query.where('rating', '>=', ratingFrom);
    if (ratingTo != null) query = query.where('rating', '<=', ratingTo);
    return query;
  };

  /** A page below each parent, in one statement: the rows are numbered per parent, and the first ones kept. */
  async function reviewsUnder(
    column: 'product_id' | 'author_id',
    parents: readonly string[],
    { page, orderBy }: ReviewsQuestion,
  ): Promise<Map<string, ReviewRow[]>> {
    const order = reviewOrders[orderBy];
    const rows = await db
      .with('numbered', () =>
        db
          .selectFrom('reviews')
          .selectAll()
          .select(
            sql<number>`row_number() over (partition by ${sql.ref(column)} order by ${keysetOrderBy(order, page)})`.as(
              'position',
            ),
          )
          .where(column, 'in', parents)
          .where(keysetCondition(order, page)),
      )
      .selectFrom('numbered')
      .selectAll()
      .where('position', '<=', page.limit + 1)
      .orderBy('position')
      .execute();
    return grouped(rows, (row) => row[column]);
  }

  return {
    reviewsById: (ids: readonly string[]): Promise<ReviewRow[]> =>
      db.selectFrom('reviews').selectAll().where('id', 'in', ids).execute(),

    /** One row more than the page holds, when there is one. */
    reviewsOf: (filter: ReviewFilter, { page, orderBy }: ReviewsQuestion): Promise<ReviewRow[]> =>
      filtered(filter)
        .selectAll()
        .where(keysetCondition(reviewOrders[orderBy], page))
        .orderBy(keysetOrderBy(reviewOrders[orderBy], page))
        .limit(page.limit + 1)
        .execute(),

    async countReviews(filter: ReviewFilter): Promise<number> {
      const row = await filtered(filter)
        .select((from) => from.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return row.count;
    },

    reviewsOfProducts: (productIds: readonly string[], question: ReviewsQuestion) =>
      reviewsUnder('product_id', productIds, question),

    reviewsOfAuthors: (authorIds: readonly string[], question: ReviewsQuestion) =>
      reviewsUnder('author_id', authorIds, question),

    async countByAuthor(authorIds: readonly string[]): Promise<Map<string, number>> {
      const rows = await db
        .selectFrom('reviews')
        .select((from) => ['author_id', from.fn.countAll<number>().as('count')])
        .where('author_id', 'in', authorIds)
        .groupBy('author_id')
        .execute();
      return new Map(rows.map((row) => [row.author_id, row.count]));
    },

    /** Count, mean and histogram of a product all come of these. */
    ratingCounts: (productIds: readonly string[]): Promise<RatingCountRow[]> =>
      db
        .selectFrom('reviews')
        .select((from) => ['product_id', 'rating', from.fn.countAll<number>().as('count')])
        .where('product_id', 'in', productIds)
        .groupBy(['product_id', 'rating'])
        .execute(),

    serviceReviewsById: (ids: readonly string[]): Promise<ServiceReviewRow[]> =>
      db.selectFrom('service_reviews').selectAll().where('id', 'in', ids).execute(),

    async serviceReviewsOf(
      locationIds: readonly string[],
      page: Page,
    ): Promise<Map<string, ServiceReviewRow[]>> {
      const rows = await db
        .with('numbered', () =>
          db
            .selectFrom('service_reviews')
            .selectAll()
            .select(
              sql<number>`row_number() over (partition by location_id order by ${keysetOrderBy(serviceReviewsNewest, page)})`.as(
                'position',
              ),
            )
            .where('location_id', 'in', locationIds)
            .where(keysetCondition(serviceReviewsNewest, page)),
        )
        .selectFrom('numbered')
        .selectAll()
        .where('position', '<=', page.limit + 1)
        .orderBy('position')
        .execute();
      return grouped(rows, (row) => row.location_id);
    },

    serviceRatings: (locationIds: readonly string[]) =>
      db
        .selectFrom('service_reviews')
        .select((from) => [
          'location_id',
          from.fn.countAll<number>().as('count'),
          from.fn.sum<number>('rating').as('sum'),
        ])
        .where('location_id', 'in', locationIds)
        .groupBy('location_id')
        .execute(),

    /** @returns `false` when the author has reviewed the product before */
    async insertReview(row: ReviewRow): Promise<boolean> {
      const inserted = await db
        .insertInto('reviews')
        .values(row)
        .onConflict((conflict) => conflict.columns(['product_id', 'author_id']).doNothing())
        .returning('id')
        .executeTakeFirst();
      return inserted !== undefined;
    },

    /** Counts a vote unless the user has voted before; answers the review as it then is. */
    vote: (reviewId: string, userId: string): Promise<ReviewRow> =>
      db.transaction().execute(async (transaction) => {
        const vote = await transaction
          .insertInto('review_votes')
          .values({ review_id: reviewId, user_id: userId })
          .onConflict((conflict) => conflict.doNothing())
          .returning('review_id')
          .executeTakeFirst();
        if (vote) {
          await transaction
            .updateTable('reviews')
            .set((from) => ({ helpful_votes: from('helpful_votes', '+', 1) }))
            .where('id', '=', reviewId)
            .execute();
        }
        return transaction
          .selectFrom('reviews')
          .selectAll()
          .where('id', '=', reviewId)
          .executeTakeFirstOrThrow();
      }),
  };
}

export type ReviewsRecords = ReturnType<typeof reviewsRecords>;

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
