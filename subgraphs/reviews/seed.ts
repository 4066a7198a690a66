import type { Transaction } from 'kysely';
import { inBatches } from '../host/migrate.ts';
import { maxAppeal, productAppeal } from '../host/seed/appeal.ts';
import { productCount, productId, productKind } from '../host/seed/kinds.ts';
import { personCount, seedPerson } from '../host/seed/people.ts';
import { seedPlaces } from '../host/seed/places.ts';
import { type Random, seededRandom } from '../host/seed/random.ts';
import type { ReviewsTables } from './records.ts';

const openings: readonly (readonly [string, ...string[]])[] = [
  ['Back it goes.', 'Not for me, sadly.'],
  ['I had hoped for more.', 'It does half of what I wanted.'],
  ['Fine for the price.', 'Does what it says, no more.'],
  ['Very pleased after a month.', 'Better than I expected.', 'A good choice, all in all.'],
  [
    'I would buy it again tomorrow.',
    'The best that I have owned.',
    'Bought one, then a second for my sister.',
  ],
];
const titles: readonly (readonly [string, ...string[]])[] = [
  ['Disappointed', 'Sent it back', 'Not as described'],
  ['Could be better', 'Looks nice, but', 'Expected more'],
  ['Decent', 'Does the job', 'Good enough'],
  ['Solid and pretty', 'Nearly perfect', 'Glad I chose it', 'Well made'],
  ['A joy every day', 'Worth every cent', 'Exactly right', 'Perfect present', 'Could not be happier'],
];
const troubles = [
  'It arrived with a scratch, and the exchange took two weeks.',
  'After three weeks it began to show its age.',
  'The colour is nothing like the picture.',
] as const;
const endings = ['Delivery took two days.', 'Came well packed.', 'The store was helpful.', ''] as const;
const service: readonly (readonly [string, ...string[]])[] = [
  ['Waited half an hour, then was sent away.'],
  ['Friendly, but they could not find my order.'],
  ['All right, though the queue was long.'],
  ['Quick and polite; my parcel was ready.', 'They found a spare part that I had given up on.'],
  [
    'They opened the box and showed me everything.',
    'The kindest staff in town.',
    'In and out in two minutes.',
  ],
];

/** Good products are rated well by most: each product has a quality, and each review strays from it. */
function rate(quality: number, random: Random): number {
  const strayed = quality + random.pick([-2, -1, -1, 0, 0, 0, 0, 0, 0, 1]);
  return Math.max(1, Math.min(5, strayed));
}

function pickFor(rating: number, lists: readonly (readonly [string, ...string[]])[], random: Random): string {
  const list = lists[rating - 1] ?? ['Fine'];
  return random.pick(list);
}

function writeBody(number: number, rating: number, random: Random): string {
  const kind = productKind(number);
  const middle =
    rating >= 4 ? random.pick(kind.praise) : rating === 3 ? kind.complaint : random.pick(troubles);
  const afterthought = rating === 4 && random.chance(0.5) ? kind.complaint : '';
  return [pickFor(rating, openings, random), middle, afterthought, random.pick(endings)]
    .filter(Boolean)
    .join(' ');
}

/** Writes the example reviews: most products have some, a few have none. */
export async function seedReviews(transaction: Transaction<ReviewsTables>): Promise<void> {
  const random = seededRandom(4004);
  const reviews: ReviewsTables['reviews'][] = [];
  for (let number = 1; number <= productCount; number += 1) {
    const appeal = productAppeal(number) / maxAppeal;
    const quality = appeal > 0.7 ? 5 : appeal > 0.15 ? 4 : 3;
    const count =
      random.chance(0.05) && appeal < 0.9 ? 0 : random.between(2, 5) + Math.round(appeal ** 3 * 14);
    const authors = new Set<number>();
    while (authors.size < count) authors.add(1 + random.below(personCount));
    for (const author of authors) {
      const { id, username } = seedPerson(author);
      const rating = rate(quality, random);
      reviews.push({
        id: `rv-${String(reviews.length + 1).padStart(4, '0')}`,
        product_id: productId(number),
        author_id: id,
        author_username: username,
        rating,
        title: pickFor(rating, titles, random),
        body: writeBody(number, rating, random),
        helpful_votes: random.chance(0.5) ? 0 : random.below(24),
        suspicion: random.below(30),
        created_at: Date.UTC(2025, 0, 1 + random.below(420), random.below(24), random.below(60)),
      });
    }
  }
  const serviceReviews: ReviewsTables['service_reviews'][] = [];
  for (const place of seedPlaces) {
    const quality = random.pick([4, 4, 5]);
    for (let count = random.between(4, 12); count > 0; count -= 1) {
      const { id, username } = seedPerson(1 + random.below(personCount));
      const rating = rate(quality, random);
      serviceReviews.push({
        id: `sr-${String(serviceReviews.length + 1).padStart(3, '0')}`,
        location_id: place.id,
        author_id: id,
        author_username: username,
        rating,
        comment: pickFor(rating, service, random),
        created_at: Date.UTC(2025, 0, 1 + random.below(420), random.below(24), random.below(60)),
      });
    }
  }
  for (const batch of inBatches(reviews)) await transaction.insertInto('reviews').values(batch).execute();
  for (const batch of inBatches(serviceReviews)) {
    await transaction.insertInto('service_reviews').values(batch).execute();
  }
}
