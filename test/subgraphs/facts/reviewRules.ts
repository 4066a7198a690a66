import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ReviewsTables } from '../../../subgraphs/reviews/records.ts';
import { reviews } from '../../../subgraphs/reviews/subgraph.ts';
import { type CreateDatabase, openForTest, type TestSubgraph } from '../openForTest.ts';
import { userOf } from '../principalHeaders.ts';

const write = `mutation ($input: WriteReviewInput!) {
  writeReview(input: $input) { rating title author { id username } product { id averageRating reviewCount } }
}`;
const input = { productId: 'p-new', rating: 4, title: 'Solid', body: 'I use it all day long.' };

/** The rules of writing and voting, over the databases that `createDatabase` makes. */
export function reviewFacts(createDatabase: CreateDatabase): void {
  let subgraph: TestSubgraph<ReviewsTables>;
  const cleo = userOf('u-0003', 'cleo', ['reviews:write']);
  beforeAll(async () => {
    subgraph = await openForTest(reviews, createDatabase);
  });
  afterAll(() => subgraph.close());
  beforeEach(async () => {
    await subgraph.db.deleteFrom('reviews').where('product_id', '=', 'p-new').execute();
  });

  test('a review is signed by who the gateway names', async () => {
    const answer = await subgraph.ask(write, { variables: { input }, principal: cleo });
    expect(answer).toEqual({
      data: {
        writeReview: {
          rating: 4,
          title: 'Solid',
          author: { id: 'u-0003', username: 'cleo' },
          product: { id: 'p-new', averageRating: 4, reviewCount: 1 },
        },
      },
      codes: [],
      messages: [],
    });
  });

  test('a second review of the same product is a conflict, also at once', async () => {
    const options = { variables: { input }, principal: cleo };
    const answers = await Promise.all([1, 2, 3].map(() => subgraph.ask(write, options)));
    expect(answers.flatMap((answer) => answer.codes)).toEqual(['CONFLICT', 'CONFLICT']);
  });

  test('an anonymous caller writes nothing', async () => {
    expect((await subgraph.ask(write, { variables: { input } })).codes).toEqual(['UNAUTHENTICATED']);
  });

  test('an API key signs nothing', async () => {
    const principal = { kind: 'key', id: 'k1', scopes: ['reviews:write'] };
    expect((await subgraph.ask(write, { variables: { input }, principal })).codes).toEqual([
      'UNAUTHENTICATED',
    ]);
  });

  test('a user whose name the gateway does not tell writes nothing', async () => {
    const principal = { ...cleo, claims: {} };
    expect((await subgraph.ask(write, { variables: { input }, principal })).codes).toEqual(['FORBIDDEN']);
  });

  test('a token without the scope is forbidden', async () => {
    const principal = userOf('u-0003', 'cleo', ['users:read']);
    expect((await subgraph.ask(write, { variables: { input }, principal })).codes).toEqual(['FORBIDDEN']);
  });

  test.each([
    { rating: 0 },
    { rating: 6 },
    { title: '  ab  ' },
    { title: 'x'.repeat(121) },
    { body: 'too short' },
    { body: 'a body with\0 in it' },
    { productId: '' },
  ])('%j is bad input', async (given) => {
    const variables = { input: { ...input, ...given } };
    expect((await subgraph.ask(write, { variables, principal: cleo })).codes).toEqual(['BAD_USER_INPUT']);
  });

  test('a vote counts once for each user', async () => {
    const vote = 'mutation { voteHelpful(id: "rv-0002") { helpfulVotes } }';
    const { helpful_votes: before } = await subgraph.db
      .selectFrom('reviews')
      .select('helpful_votes')
      .where('id', '=', 'rv-0002')
      .executeTakeFirstOrThrow();
    const users = ['u-9001', 'u-9001', 'u-9002'];
    const counts = [];
    for (const user of users) {
      const { data } = await subgraph.ask(vote, { principal: userOf(user, user) });
      const voted = data?.voteHelpful as { helpfulVotes: number } | undefined;
      counts.push((voted?.helpfulVotes ?? 0) - before);
    }
    expect(counts).toEqual([1, 1, 2]);
  });

  test('nobody votes for a review of their own, or for one that does not exist', async () => {
    const { id, author_id: author } = await subgraph.db
      .selectFrom('reviews')
      .selectAll()
      .executeTakeFirstOrThrow();
    const principal = userOf(author, 'author');
    const vote = (review: string) =>
      subgraph.ask(`mutation { voteHelpful(id: "${review}") { id } }`, { principal });
    expect([(await vote(id)).codes, (await vote('none')).codes]).toEqual([['FORBIDDEN'], ['NOT_FOUND']]);
  });
}
