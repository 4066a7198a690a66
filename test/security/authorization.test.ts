import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { enginesUnderTest } from '../support/federationCase.ts';
import {
  done,
  rules,
  type SecurityGraph,
  type SecurityGraphOptions,
  shopRules,
  startSecurityGraph,
} from './securityGraph.ts';

/* What clients may not learn, by whatever way they ask for it, and what subgraphs must not even hear of. */

const UNAUTHORIZED = 'UNAUTHORIZED_FIELD_OR_TYPE';

function graphOf(
  options: () => Omit<SecurityGraphOptions, 'engine'> & { engine: (typeof enginesUnderTest)[number] },
) {
  let graph: SecurityGraph;
  beforeAll(async () => {
    graph = await startSecurityGraph(options());
  });
  afterAll(() => graph.stop());
  return {
    ask: (...parameters: Parameters<SecurityGraph['ask']>) => graph.ask(...parameters),
    graph: () => graph,
  };
}

describe.each(enginesUnderTest)('security: what is denied (%s)', (engine) => {
  const { ask } = graphOf(() => ({ engine, permissions: shopRules }));

  // GHSA-x33c-7c2v-mrj9
  test('a field of an interface whose types all protect it', async () => {
    const asked = await ask('{ accounts { id secretNote } }');
    expect({ ...asked.body, denied: asked.denied }).toMatchObject({
      data: {
        accounts: [
          { id: 'u1', secretNote: null },
          { id: 'a1', secretNote: null },
        ],
      },
      denied: ['accounts.@.secretNote'],
    });
    expect(asked.sentTo('accounts').join()).not.toContain('secretNote');
  });

  test('the same by fragments, named and inline, and under an alias', async () => {
    const asked = await ask(
      '{ accounts { ...N ... on Account { y: secretNote } ... on Admin { z: secretNote } } user(id: "u1") { name: ssn } } fragment N on Account { x: secretNote }',
    );
    expect(asked.body.data).toEqual({
      accounts: [
        { x: null, y: null },
        { x: null, y: null, z: null },
      ],
      user: { name: null },
    });
    expect(asked.text).not.toContain('SECRET');
  });

  test('one member of a union, while the other is served', async () => {
    const asked = await ask('{ catalog { __typename ... on Product { name } ... on GiftCard { code } } }');
    expect([asked.body.data, asked.codes]).toEqual([
      {
        catalog: [
          { __typename: 'Product', name: 'Product 1' },
          { __typename: 'GiftCard', code: null },
        ],
      },
      [UNAUTHORIZED],
    ]);
    expect(asked.sentTo('products').join()).not.toContain('code');
  });

  test('a field of an interface object, and a type as a whole, while the other type is served', async () => {
    const asked = await ask('{ items { upc stars auditTrail } }');
    expect([asked.body.data, asked.denied]).toEqual([
      // a card has no `upc` that may be shown, and would empty the list
      { items: [{ upc: 'p1', stars: 4.5, auditTrail: null }] },
      ['items.@.upc', 'items.@.stars', 'items.@.auditTrail'],
    ]);
    expect(asked.sentTo('ratings').join()).not.toMatch(/auditTrail|g1/);
  });

  test('a field of an interface object read of one of its types', async () => {
    const asked = await ask('{ topProducts(first: 1) { stars auditTrail } }');
    expect([asked.body.data, asked.denied]).toEqual([
      { topProducts: [{ stars: 4.5, auditTrail: null }] },
      ['topProducts.@.auditTrail'],
    ]);
  });

  // GHSA-m8jr-fxqx-8xx6
  test('a field that is computed from a protected one', async () => {
    const asked = await ask('{ topProducts(first: 1) { shippingEstimate margin } }');
    expect([asked.body.data, asked.denied]).toEqual([
      { topProducts: [{ shippingEstimate: 1_000_000, margin: null }] },
      ['topProducts.@.margin'],
    ]);
    expect(asked.sentTo('products').join()).not.toContain('cost');
  });

  test('the same for whoever may see both', async () => {
    const asked = await ask('{ topProducts(first: 1) { shippingEstimate margin cost } }', { as: 'staff' });
    expect(asked.body).toEqual({
      data: { topProducts: [{ shippingEstimate: 1_000_000, margin: 5758, cost: 4242 }] },
    });
  });

  test('everything: no subgraph is asked', async () => {
    const asked = await ask('{ users { name } }');
    expect([asked.status, asked.body.data, asked.denied, asked.sentTo('accounts')]).toEqual([
      200,
      null,
      ['users'],
      [],
    ]);
  });

  test('all that is asked of an entity: its subgraph is not asked', async () => {
    const asked = await ask('{ review(id: "r1") { body author { ssn email } } }');
    expect([asked.body.data, asked.sentTo('accounts')]).toEqual([
      { review: { body: 'Good', author: { ssn: null, email: null } } },
      [],
    ]);
  });

  test('a field that may not be null: the null goes up', async () => {
    const asked = await ask('{ user(id: "u1") { name salary } me { name } }');
    expect([asked.body.data, asked.denied]).toEqual([{ user: null, me: { name: 'Ada' } }, ['user.salary']]);
  });

  test('what `@include` leaves out is no error', async () => {
    const query = 'query ($v: Boolean!) { user(id: "u1") { name ssn @include(if: $v) } }';
    const [left, kept] = [
      await ask(query, { variables: { v: false } }),
      await ask(query, { variables: { v: true } }),
    ];
    expect([left.body, kept.body.data]).toEqual([
      { data: { user: { name: 'Ada' } } },
      { user: { name: 'Ada', ssn: null } },
    ]);
  });

  test('the error stays one in a long list', async () => {
    const asked = await ask('{ find(limit: 1000) { cost related { cost related { cost } } } }');
    expect(asked.denied).toEqual(['find.@.cost', 'find.@.related.@.cost', 'find.@.related.@.related.@.cost']);
    expect(asked.text).not.toContain('4242');
  });

  test('a root field of a mutation, before anything is done', async () => {
    done.length = 0;
    const asked = await ask('mutation { a: updateMyName(name: "x") { name } b: deleteUser(id: "u2") }', {
      as: 'user1',
    });
    expect([asked.body.data, asked.denied, done]).toEqual([
      { a: { name: 'Ada' }, b: null },
      ['b'],
      ['name x'],
    ]);
  });

  test('all of a mutation: nothing is done', async () => {
    done.length = 0;
    const asked = await ask('mutation { deleteUser(id: "u2") }', { as: 'user1' });
    expect([asked.body.data, asked.denied, done]).toEqual([{ deleteUser: null }, ['deleteUser'], []]);
  });

  test('an operation of the document that is not run is not asked about', async () => {
    done.length = 0;
    const asked = await ask('query A { me { name } } mutation B { deleteUser(id: "u2") }', {
      operationName: 'A',
    });
    expect([asked.body, done]).toEqual([{ data: { me: { name: 'Ada' } } }, []]);
  });

  test('one document, many principals: each sees its own', async () => {
    const query = '{ user(id: "u1") { email ssn } }';
    const see = async (as: 'admin' | 'emailer' | 'anonymous') => (await ask(query, { as })).body.data;
    expect([await see('admin'), await see('anonymous'), await see('emailer'), await see('admin')]).toEqual([
      { user: { email: 'ada@example.test', ssn: 'SECRET-SSN-1' } },
      { user: { email: null, ssn: null } },
      { user: { email: 'ada@example.test', ssn: null } },
      { user: { email: 'ada@example.test', ssn: 'SECRET-SSN-1' } },
    ]);
  });

  test('two documents that come to one plan are answered each in its own shape', async () => {
    const [first, second] = [
      await ask('{ user(id: "u1") { name ssn } }'),
      await ask('{ user(id: "u1") { name } }'),
    ];
    expect([first.body.data, second.body.data]).toEqual([
      { user: { name: 'Ada', ssn: null } },
      { user: { name: 'Ada' } },
    ]);
  });

  test('many at once are not mixed up', async () => {
    const query = '{ me { name } user(id: "u1") { email } }';
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) =>
        index % 2 === 0
          ? (await ask(query, { as: 'emailer', headers: { 'x-user-id': 'u1' } })).body.data
          : (await ask(query, { as: 'user2', headers: { 'x-user-id': 'u2' } })).body.data,
      ),
    );
    expect(new Set(answers.map((each) => JSON.stringify(each)))).toEqual(
      new Set([
        '{"me":{"name":"Ada"},"user":{"email":"ada@example.test"}}',
        '{"me":{"name":"Bob"},"user":{"email":null}}',
      ]),
    );
  });

  test('the query plan that is shown is that of what is permitted', async () => {
    const asked = await ask('{ user(id: "u1") { name ssn } }', {
      headers: { 'apollo-query-plan-experimental': '1', 'apollo-expose-query-plan': 'true' },
    });
    expect(JSON.stringify(asked.body.extensions)).toContain('name');
    expect(JSON.stringify(asked.body.extensions)).not.toContain('ssn');
  });

  test('the SDL of subgraphs is nobody’s', async () => {
    expect((await ask('{ _service { sdl } }')).status).toBe(400);
  });
});

describe.each(enginesUnderTest)('security: rules (%s)', (engine) => {
  const { ask, graph } = graphOf(() => ({
    engine,
    permissions: `${rules}
      const owns = rule('owns')((_parent: unknown, { id }: any, { principal }: any) => id === principal.id);
      const isOneself = rule('isOneself', { cache: 'strict', fragment: 'fragment F on User { id }' })(
        (parent: any, _args: unknown, { principal }: any) => parent.id === principal.id);
      const isBanned = rule('isBanned')(() => { throw new Error('the store is down'); });
      export const permissions = {
        Query: { user: or(owns, role('admin')) },
        User: { id: signedIn, email: or(role('admin'), isOneself), ssn: not(isBanned), salary: isOneself },
      };`,
  }));

  test('a protected key is used, and not shown', async () => {
    const [selected, used] = [
      await ask('{ review(id: "r1") { author { id name } } }'),
      await ask('{ review(id: "r1") { author { name } } }'),
    ];
    expect([selected.body.data, used.body]).toEqual([
      { review: { author: null } },
      { data: { review: { author: { name: 'Ada' } } } },
    ]);
  });

  test('a protected key is not handed out under another name', async () => {
    const asked = await ask('{ review(id: "r1") { author { name: id x: id } } }');
    expect(asked.body.data).toEqual({ review: { author: null } });
  });

  test('an alias does not hand out the key that it has the name of', async () => {
    const asked = [
      await ask('{ me { id: name reviewCount } }'),
      await ask('{ me { reviewCount id: label x: name } }'),
      await ask('{ review(id: "r1") { id: body author { id: name } } }'),
    ];
    expect(asked.map(({ body }) => body)).toEqual([
      { data: { me: { id: 'Ada', reviewCount: 2 } } },
      { data: { me: { reviewCount: 2, id: 'LU1', x: 'Ada' } } },
      { data: { review: { id: 'Good', author: { id: 'Ada' } } } },
    ]);
  });

  test('an alias does not choose what a subgraph is sent for a required field', async () => {
    const asked = await ask('{ topProducts(first: 1) { cost: weight margin } }');
    expect(asked.body).toEqual({ data: { topProducts: [{ cost: 100, margin: 5758 }] } });
  });

  test('arguments are seen as they are sent, defaults of variables included', async () => {
    const asked = await ask('query ($id: ID! = "u2") { user(id: $id) { email } me { name } }', {
      as: 'user1',
    });
    expect([asked.body.data, asked.denied]).toEqual([{ user: null, me: { name: 'Ada' } }, ['user']]);
  });

  test('nothing but a denied field that may be null is answered with it', async () => {
    const asked = await ask('{ user(id: "u1") { email } }');
    expect([asked.body.data, asked.sentTo('accounts')]).toEqual([{ user: null }, []]);
  });

  test('a rule that throws denies, under `not` too', async () => {
    const asked = await ask('{ me { name ssn } }');
    expect([asked.body.data, asked.body.errors?.[0]?.message]).toEqual([
      { me: { name: 'Ada', ssn: null } },
      'Unauthorized field or type',
    ]);
  });

  test('a rule that reads the parent is asked of what was fetched', async () => {
    const asked = await ask('{ users { name email } }', { as: 'user2' });
    expect([asked.body.data, asked.denied]).toEqual([
      {
        users: [
          { name: 'Ada', email: null },
          { name: 'Bob', email: 'bob@example.test' },
        ],
      },
      ['users.@.email'],
    ]);
    expect(asked.text).not.toContain('ada@');
  });

  test('a value that may not be null and is denied by its parent takes the object with it', async () => {
    const asked = await ask('{ review(id: "r1") { body author { name salary } } me { salary } }', {
      as: 'user1',
    });
    const other = await ask('{ review(id: "r1") { body author { name salary } } }', { as: 'user2' });
    expect([asked.body.data, other.body.data, other.denied]).toEqual([
      { review: { body: 'Good', author: { name: 'Ada', salary: 777001 } }, me: { salary: 777001 } },
      { review: { body: 'Good', author: null } },
      ['review.author.salary'],
    ]);
  });

  test('a rule that reads the parent finds it through an entity, a fragment and an alias', async () => {
    const asked = await ask(
      '{ topProducts(first: 1) { reviews { author { ...E } } } } fragment E on User { mail: email name: name }',
      { as: 'user1' },
    );
    expect(asked.body.data).toEqual({
      topProducts: [
        {
          reviews: [
            { author: { mail: 'ada@example.test', name: 'Ada' } },
            { author: { mail: null, name: 'Bob' } },
          ],
        },
      ],
    });
  });

  test('what a rule could not read denies, and the error names no place that the client does not know', async () => {
    const stub = graph().stub('accounts');
    stub.answer = {
      body: JSON.stringify({
        data: { me: { name: 'Ada', email: 'ada@example.test', _r_0_0: null, _t__r_0_0: null } },
        errors: [{ message: 'no id', path: ['me', engine === 'apollo' ? '_r_0_0' : '_t__r_0_0'] }],
      }),
    };
    const asked = await ask('{ me { name email } }', { as: 'user1' });
    stub.answer = undefined;
    // the stock engine has no `me` without the id, which may not be null
    expect([asked.denied.includes('me'), asked.text]).toEqual([true, expect.not.stringMatching(/_r_|ada@/)]);
  });

  test('rules that are changed are in force without a restart, and broken ones are not', async () => {
    const see = async () => (await ask('{ me { name ssn } }')).body.data;
    const until = async (wanted: unknown) => {
      // the file is watched: the change is there when an answer shows it
      const deadline = Date.now() + 10_000;
      while (JSON.stringify(await see()) !== JSON.stringify(wanted) && Date.now() < deadline);
      expect(await see()).toEqual(wanted);
    };
    await graph().writePermissions(
      `${rules} export const permissions = { User: { name: deny, ssn: allow } };`,
    );
    await until({ me: { name: null, ssn: 'SECRET-SSN-1' } });
    await graph().writePermissions(`${rules} export const permissions = { User: { nope: deny } };`);
    await graph().writePermissions(`${rules} export const permissions = { User: { ssn: deny, `);
    await graph().writePermissions(`${rules} export const permissions = { User: { ssn: deny } };`);
    await until({ me: { name: 'Ada', ssn: null } });
  });
});
