import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ReviewsTables } from '../../../subgraphs/reviews/records.ts';
import { reviews } from '../../../subgraphs/reviews/subgraph.ts';
import { claimsOf, issueTokens, type TokenIssuer } from '../issueTokens.ts';
import { type CreateDatabase, openForTest, type TestSubgraph } from '../openForTest.ts';

const write = `mutation ($input: WriteReviewInput!) {
  writeReview(input: $input) { rating title author { id username } product { id averageRating reviewCount } }
}`;
const input = { productId: 'p-new', rating: 4, title: 'Solid', body: 'I use it all day long.' };

/** The rules of writing and voting, over the databases that `createDatabase` makes. */
export function reviewFacts(createDatabase: CreateDatabase): void {
  let issuer: TokenIssuer;
  let subgraph: TestSubgraph<ReviewsTables>;
  let cleo: string;
  beforeAll(async () => {
    issuer = await issueTokens();
    subgraph = await openForTest(reviews, createDatabase, { ACCOUNTS_JWKS_URL: issuer.jwksUrl });
    cleo = await issuer.authorize(claimsOf('u-0003', 'cleo'));
  });
  afterAll(async () => {
    await subgraph.close();
    await issuer.close();
  });
  beforeEach(async () => {
    await subgraph.db.deleteFrom('reviews').where('product_id', '=', 'p-new').execute();
  });

  test('a review is signed by who the token names', async () => {
    const answer = await subgraph.ask(write, { variables: { input }, authorization: cleo });
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
    const options = { variables: { input }, authorization: cleo };
    const answers = await Promise.all([1, 2, 3].map(() => subgraph.ask(write, options)));
    expect(answers.flatMap((answer) => answer.codes)).toEqual(['CONFLICT', 'CONFLICT']);
  });

  test('without a token nothing is written', async () => {
    expect((await subgraph.ask(write, { variables: { input } })).codes).toEqual(['UNAUTHENTICATED']);
  });

  test.each([
    ['of a foreign key', async () => issuer.forge(claimsOf('u-0003', 'cleo'))],
    ['that has expired', async () => issuer.authorize({ ...claimsOf('u-0003', 'cleo'), exp: 1 })],
    ['of another issuer', async () => issuer.authorize({ ...claimsOf('u-0003', 'cleo'), iss: 'somebody' })],
    ['for another audience', async () => issuer.authorize({ ...claimsOf('u-0003', 'cleo'), aud: 'else' })],
    ['that names no user', async () => issuer.authorize({})],
    ['that is none', async () => 'Bearer abc'],
    ['of another scheme', async () => 'Basic YTpi'],
  ])('a token %s is not accepted', async (_what, authorize) => {
    const answer = await subgraph.ask(write, { variables: { input }, authorization: await authorize() });
    expect(answer.codes).toEqual(['UNAUTHENTICATED']);
  });

  test('a token without the scope is forbidden', async () => {
    const authorization = await issuer.authorize({ ...claimsOf('u-0003', 'cleo'), scope: 'users:read' });
    expect((await subgraph.ask(write, { variables: { input }, authorization })).codes).toEqual(['FORBIDDEN']);
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
    expect((await subgraph.ask(write, { variables, authorization: cleo })).codes).toEqual(['BAD_USER_INPUT']);
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
      const authorization = await issuer.authorize(claimsOf(user, user));
      const { data } = await subgraph.ask(vote, { authorization });
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
    const authorization = await issuer.authorize(claimsOf(author, 'author'));
    const vote = (review: string) =>
      subgraph.ask(`mutation { voteHelpful(id: "${review}") { id } }`, { authorization });
    expect([(await vote(id)).codes, (await vote('none')).codes]).toEqual([['FORBIDDEN'], ['NOT_FOUND']]);
  });

  test('a key set out of reach is not taken for a bad token', async () => {
    const lost = await openForTest(reviews, createDatabase, {
      ACCOUNTS_JWKS_URL: 'http://127.0.0.1:1/jwks.json',
    });
    const answer = await lost.ask(write, { variables: { input }, authorization: cleo });
    await lost.close();
    expect(answer.codes).toEqual(['SERVICE_UNAVAILABLE']);
  });
}
