import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph } from '../support/federationCase.ts';

/*
 * The example of the Apollo Router documentation ("Authorization in the GraphOS Router"), whole: what is asked, what the
 * subgraph is sent, and the answer. Its listing leaves `views` out; by its text, and by the GraphQL specification (§6.3),
 * a removed field is null.
 */

const post = { id: '1234', title: 'Securing supergraphs', views: 7, content: 'Long', author: { id: '1' } };

describe.each(enginesUnderTest)('requests: authorization (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    blog: {
      sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
          "@key", "@authenticated", "@requiresScopes"
        ])
        type Query { me: User @authenticated post(id: ID!): Post }
        type User { id: ID! username: String email: String @requiresScopes(scopes: [["read:email"]]) posts: [Post!]! }
        type Post { id: ID! title: String! views: Int @authenticated content: String! author: User! }`,
      resolvers: { Query: { me: () => post.author, post: () => post } },
    },
  });

  test('answers what is permitted, names what is not, and asks the subgraph for nothing else', async () => {
    const { answer, documentsSentTo } = await ask('{ me { username } post(id: "1234") { title views } }');
    expect(answer).toEqual({
      data: { me: null, post: { title: 'Securing supergraphs', views: null } },
      errors: [
        {
          message: 'Unauthorized field or type',
          path: ['me'],
          extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' },
        },
        {
          message: 'Unauthorized field or type',
          path: ['post', 'views'],
          extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' },
        },
      ],
    });
    // the stock engine writes an id of digits without quotes
    expect(documentsSentTo('blog').map((text) => text.replaceAll(/[\s"]/g, ''))).toEqual([
      '{post(id:1234){title}}',
    ]);
  });
});
