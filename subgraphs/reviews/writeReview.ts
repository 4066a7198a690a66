import { randomUUID } from 'node:crypto';
import { SubgraphError } from '../host/errors.ts';
import type { ReviewsContext } from './loaders.ts';
import type { ReviewRow } from './records.ts';

export interface WriteReviewInput {
  readonly productId: string;
  readonly rating: number;
  readonly title: string;
  readonly body: string;
}

/**
 * Who writes or votes. Rules have let users alone this far (`permissions.ts`); their name is a claim of the token, which the
 * gateway sends where its settings say so.
 */
function signerOf({ principal }: ReviewsContext): { readonly userId: string; readonly username: string } {
  const { id, claims } = principal;
  const { preferred_username: username } = claims;
  if (id !== undefined && typeof username === 'string') return { userId: id, username };
  throw new SubgraphError('FORBIDDEN', 'The gateway does not say by what name the user is known.');
}

function checkInput({ productId, rating, title, body }: WriteReviewInput): void {
  const problem =
    ((productId === '' || productId.length > 100) && '`productId` must have 1 to 100 characters.') ||
    ((rating < 1 || rating > 5) && `\`rating\` must be from 1 to 5, not ${rating}.`) ||
    ((title.length < 3 || title.length > 120) && '`title` must have 3 to 120 characters.') ||
    ((body.length < 10 || body.length > 5_000) && '`body` must have 10 to 5000 characters.') ||
    (`${productId}${title}${body}`.includes('\0') && 'The text must not contain the character U+0000.');
  if (problem) throw new SubgraphError('BAD_USER_INPUT', problem);
}

/** The mutation `writeReview`. Whether the product exists is for the subgraph that owns products to say. */
export async function writeReview(
  _root: unknown,
  { input }: { readonly input: WriteReviewInput },
  context: ReviewsContext,
): Promise<ReviewRow> {
  const author = signerOf(context);
  const trimmed = { ...input, title: input.title.trim(), body: input.body.trim() };
  checkInput(trimmed);
  const row: ReviewRow = {
    id: `rv-${randomUUID()}`,
    product_id: trimmed.productId,
    author_id: author.userId,
    author_username: author.username,
    rating: trimmed.rating,
    title: trimmed.title,
    body: trimmed.body,
    helpful_votes: 0,
    suspicion: 0,
    created_at: Date.now(),
  };
  if (await context.records.insertReview(row)) return row;
  throw new SubgraphError('CONFLICT', `You have reviewed the product "${row.product_id}" before.`);
}

/** The mutation `voteHelpful`. */
export async function voteHelpful(
  _root: unknown,
  { id }: { readonly id: string },
  context: ReviewsContext,
): Promise<ReviewRow> {
  const voter = signerOf(context);
  const review = await context.loaders.reviewById.load(id);
  if (!review) throw new SubgraphError('NOT_FOUND', `There is no review "${id}".`);
  if (review.author_id === voter.userId) {
    throw new SubgraphError('FORBIDDEN', 'Nobody can vote for a review of their own.');
  }
  return context.records.vote(id, voter.userId);
}
