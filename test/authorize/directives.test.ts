import { describe, expect, test } from '@jest/globals';
import { authorizerOf, securityLinks, userWith } from './authorizeSdl.ts';

/* Semantics and messages: Apollo Router documentation, "Authorization in the GraphOS Router". */

describe('authorize: the example of the Apollo Router documentation', () => {
  const ask = authorizerOf(`${securityLinks}
    type Query { me: User @authenticated post(id: ID!): Post }
    type User { id: ID! username: String email: String @requiresScopes(scopes: [["read:email"]]) posts: [Post!]! }
    type Post { id: ID! title: String! views: Int @authenticated content: String! author: User! }`);
  const query = '{ me { username } post(id: "1234") { title views } }';

  test('is planned without what needs a principal', async () => {
    expect((await ask(query)).planned).toBe('{ post(id: "1234") { title } }');
  });

  test('names each path that was cut', async () => {
    expect((await ask(query)).errors.map((error) => error.toJSON())).toEqual([
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
    ]);
  });

  test('is planned as it is for a principal', async () => {
    const { planned, errors } = await ask(query, { principal: userWith() });
    expect({ planned, errors }).toEqual({ planned: query, errors: [] });
  });
});

describe('authorize: directives', () => {
  const ask = authorizerOf(`${securityLinks}
    type Query {
      users: [User!]! grid: [[User]] secret: Secret kind: Kind when: When account: Account posts: [Post]
    }
    type User implements Account {
      id: ID!
      email: String @requiresScopes(scopes: [["read:email", "read:user"], ["admin"]])
      note: String @authenticated @policy(policies: [["staff", "cleared"], ["boss"]])
    }
    type Post { text: String author: Author }
    type Author { name: String }
    interface Account { id: ID! note: String }
    type Secret @authenticated { word: String }
    enum Kind @authenticated { A }
    scalar When @authenticated`);

  test.each([
    [['read:email'], ['users.@.email']],
    [['read:email', 'read:user'], []],
    [['admin'], []],
    [[], ['users.@.email']],
  ])('scopes %j: one list must hold, and all of it', async (scopes, denied) => {
    expect((await ask('{ users { id email } }', { principal: userWith({ scopes }) })).denied).toEqual(denied);
  });

  test('a list inside a list has two marks for its indexes', async () => {
    expect((await ask('{ grid { mail: email } }')).denied).toEqual(['grid.@.@.mail']);
  });

  test.each([
    ['secret { word }', 'secret'],
    ['kind', 'kind'],
    ['when', 'when'],
  ])('a directive on a type denies the field that returns it: %s', async (selection, path) => {
    const { denied, planned } = await ask(`{ ${selection} posts { text } }`);
    expect({ denied, planned }).toEqual({ denied: [path], planned: '{ posts { text } }' });
  });

  test('nothing is left when every root field is denied', async () => {
    expect((await ask('{ kind when }')).planned).toBe('{ __typename }');
  });

  test('an operation without anything guarded is let through untouched', async () => {
    expect((await ask('{ posts { text } }')).authorization).toEqual({ kind: 'untouched' });
  });

  test('policies without an evaluator do not hold', async () => {
    expect((await ask('{ users { note } }', { principal: userWith() })).denied).toEqual(['users.@.note']);
  });
});

describe('authorize: policies', () => {
  const sdl = `${securityLinks}
    type Query { a: Int @policy(policies: [["p", "q"], ["r"]]) b: Int @policy(policies: [["p"]]) c: Int }`;
  const askedOf = (answer: unknown) => {
    const calls: (readonly string[])[] = [];
    const ask = authorizerOf(
      sdl,
      {},
      {
        evaluatePolicies: (names) => {
          calls.push(names);
          if (answer instanceof Error) throw answer;
          return answer as never;
        },
      },
    );
    return { ask, calls };
  };

  test('are asked once, for the names that the operation needs', async () => {
    const { ask, calls } = askedOf({ p: true });
    await ask('{ a b x: b c }');
    expect(calls).toEqual([['p', 'q', 'r']]);
  });

  test.each([
    [{ p: true, q: true }, []],
    [{ p: true }, ['a']],
    [{ r: true }, ['b']],
    [{ p: 1, q: 'yes', r: {} }, ['a', 'b']],
    [null, ['a', 'b']],
    [new Error('away'), ['a', 'b']],
  ])('%j holds what is true, and nothing else', async (answer, denied) => {
    expect((await askedOf(answer).ask('{ a b c }')).denied).toEqual(denied);
  });

  test('are not asked when no field of the operation needs one', async () => {
    const { ask, calls } = askedOf({ p: true });
    await ask('{ c }');
    expect(calls).toEqual([]);
  });

  test('an evaluator that hangs is given up at the deadline', async () => {
    const ask = authorizerOf(sdl, {}, { evaluatePolicies: () => new Promise(() => {}), ruleTimeoutMs: 20 });
    const { denied, faults } = await ask('{ a c }');
    expect({ denied, faults }).toEqual({
      denied: ['a'],
      faults: ['the evaluator of policies failed: The policies were not answered in 20 ms.'],
    });
  });
});

describe('authorize: names of directives', () => {
  test.each([
    ['@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)', '@authenticated'],
    ['@link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "auth", for: SECURITY)', '@auth'],
    [
      '@link(url: "https://specs.apollo.dev/authenticated/v0.1", import: [{ name: "@authenticated", as: "@signedIn" }], for: SECURITY)',
      '@signedIn',
    ],
  ])('%s is read as %s', async (link, directive) => {
    const ask = authorizerOf(
      `schema @link(url: "https://specs.apollo.dev/link/v1.0") ${link} { query: Query } type Query { a: Int ${directive} b: Int }`,
    );
    expect((await ask('{ a b }')).planned).toBe('{ b }');
  });
});
