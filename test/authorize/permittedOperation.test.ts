import { describe, expect, test } from '@jest/globals';
import { allow, deny, rule } from 'graphql-shield';
import { authorizerOf, securityLinks, userWith } from './authorizeSdl.ts';

const sdl = `type Query { user(id: ID): User users: [User!]! accounts: [Account!]! catalog: [Found!]! open: Int }
  interface Account { id: ID! label: String note: String owner: Account }
  type User implements Account {
    id: ID! name: String label: String note: String ssn: String email: String friends(first: Int): [User!]! owner: User
  }
  type Admin implements Account { id: ID! label: String note: String! level: Int owner: Account }
  union Found = Product | Card
  type Product { name: String cost: Int }
  type Card { code: String cost: Int }`;

describe('authorize: pruning', () => {
  const ask = authorizerOf(sdl, {
    permissions: {
      User: { ssn: deny, email: deny },
      Admin: { note: deny },
      Card: deny,
      Product: { cost: deny },
    },
  });

  test.each([
    ['a denied field', '{ user { name ssn } }', '{ user { name } }'],
    ['an alias', '{ user { name: ssn label } }', '{ user { label } }'],
    ['all of a selection set', '{ user { ssn email } }', '{ user { __typename } }'],
    ['all of an inline fragment', '{ user { name ... on User { ssn } } }', '{ user { name } }'],
    ['all of a fragment', '{ user { name ...S } } fragment S on User { ssn }', '{ user { name } }'],
    [
      'fragments that only denied fields used',
      '{ user { name ...S } } fragment S on User { ssn ...T } fragment T on User { email }',
      '{ user { name } }',
    ],
    [
      'variables that only denied fields used',
      'query ($id: ID, $v: Boolean!) { user(id: $id) { name ssn @include(if: $v) } }',
      'query ($id: ID) { user(id: $id) { name } }',
    ],
    [
      'a response key that two fields share',
      '{ user { x: name } other: user { x: ssn } }',
      '{ user { x: name } other: user { __typename } }',
    ],
    ['only `__typename`', '{ user { __typename ssn } }', '{ user { __typename } }'],
    [
      'a field of an interface on one of its types',
      '{ accounts { id note } }',
      '{ accounts { id ... on User { note } } }',
    ],
    [
      'a union with one member denied',
      '{ catalog { ... on Card { code } ... on Product { name } } }',
      '{ catalog { ... on Product { name } } }',
    ],
    [
      'a union with all denied',
      '{ catalog { ... on Card { code } ... on Product { cost } } }',
      '{ catalog { __typename } }',
    ],
  ])('%s', async (_name, query, planned) => {
    // what an operation does not declare is not looked at
    expect((await ask(query, { variables: { v: true } })).planned).toBe(planned);
  });

  test('a fragment that is used twice with different parents is cut where its type stands', async () => {
    const { planned, denied } = await ask(
      '{ user { ...N } accounts { ...N } } fragment N on Account { label note }',
    );
    expect({ planned, denied }).toEqual({
      planned: '{ user { ...N } accounts { ...N } } fragment N on Account { label ... on User { note } }',
      // where only a user can stand nothing was denied
      denied: ['accounts.@.note'],
    });
  });

  test('an interface inside a type asks for the permission of that type only', async () => {
    expect((await ask('{ accounts { ... on User { ... on Account { note } } } }')).denied).toEqual([]);
  });

  test('below a split, fragments on what cannot stand there go', async () => {
    const ownerOfUser = authorizerOf(sdl, { permissions: { Admin: { owner: deny } } });
    const { planned } = await ownerOfUser(
      '{ accounts { owner { id ... on Admin { level } ... on User { name } } } }',
    );
    expect(planned).toBe('{ accounts { ... on User { owner { id ... on User { name } } } } }');
  });

  test('a field that cannot be split, as its types differ, needs the permission of every type', async () => {
    const third = authorizerOf(
      `type Query { things: [Thing] }
      interface Thing { id: ID name: String }
      type A implements Thing { id: ID name: String! }
      type B implements Thing { id: ID name: String }
      type C implements Thing { id: ID name: String }`,
      { permissions: { C: { name: deny } } },
    );
    const { planned, denied } = await third('{ things { id name } }');
    expect({ planned, denied }).toEqual({ planned: '{ things { id } }', denied: ['things.@.name'] });
  });

  test('the same decisions give the same document, and others another', async () => {
    const asks = authorizerOf(sdl, {
      permissions: {
        User: {
          ssn: rule('a')((_parent, _args, { principal }) => principal.roles.includes('admin')),
          email: deny,
        },
      },
    });
    const query = '{ user { name ssn email } }';
    const documentFor = async (roles: string[]) => {
      const { authorization } = await asks(query, { principal: userWith({ id: roles.join(), roles }) });
      return authorization.kind === 'authorized' ? authorization.permitted?.document : undefined;
    };
    const [one, two, admin] = [
      await documentFor(['x']),
      await documentFor(['y']),
      await documentFor(['admin']),
    ];
    expect([one === two, one === admin]).toEqual([true, false]);
  });

  test('an operation that is not asked for is not authorized', async () => {
    const { denied, planned } = await ask('query A { open } query B { user { ssn } }', {
      operationName: 'A',
    });
    expect({ denied, planned }).toEqual({ denied: [], planned: undefined });
  });
});

describe('authorize: conditions', () => {
  const ask = authorizerOf(sdl, { permissions: { User: { ssn: deny }, Query: { open: deny } } });
  const query = 'query ($v: Boolean!) { user { name ssn @include(if: $v) } open @skip(if: true) }';

  test('a denied field that is left out is no error, and is not planned', async () => {
    const { denied, planned } = await ask(query, { variables: { v: false } });
    expect({ denied, planned }).toEqual({ denied: [], planned: '{ user { name } }' });
  });

  test('a denied field that is let in is one', async () => {
    expect((await ask(query, { variables: { v: true } })).denied).toEqual(['user.ssn']);
  });

  test('a rule is not asked for what is left out', async () => {
    let calls = 0;
    const counted = authorizerOf(sdl, { permissions: { Query: { open: rule('n')(() => ++calls > 0) } } });
    await counted('query ($v: Boolean!) { open @include(if: $v) }', { variables: { v: false } });
    expect(calls).toBe(0);
  });
});

describe('authorize: the number of errors', () => {
  const many = `type Query { a: Node } type Node { n: Node secret: Int ${Array.from({ length: 150 }, (_, i) => `f${i}: Int`).join(' ')} }`;

  test('a place in a list is told once', async () => {
    const ask = authorizerOf(sdl, { permissions: { User: { ssn: deny } } });
    expect((await ask('{ users { ssn friends { ssn friends { ssn } } } }')).denied).toEqual([
      'users.@.ssn',
      'users.@.friends.@.ssn',
      'users.@.friends.@.friends.@.ssn',
    ]);
  });

  test('no more than a hundred are told', async () => {
    const ask = authorizerOf(many, { permissions: { Node: { '*': deny, n: allow } } });
    const fields = Array.from({ length: 150 }, (_, i) => `f${i}`).join(' ');
    expect((await ask(`{ a { ${fields} } }`)).denied).toHaveLength(100);
  });

  test('fragments that double at every level cost no more than others', async () => {
    const ask = authorizerOf(many, { permissions: { Node: { secret: deny } } });
    const levels = Array.from(
      { length: 40 },
      (_, i) => `fragment F${i} on Node { x: n { ...F${i + 1} } y: n { ...F${i + 1} } }`,
    ).join(' ');
    const startedAt = performance.now();
    const { denied } = await ask(`{ a { ...F0 } } ${levels} fragment F40 on Node { secret }`);
    // 2^40 places hold the field
    expect({ told: denied.length, isQuick: performance.now() - startedAt < 1_000 }).toEqual({
      told: 100,
      isQuick: true,
    });
  });
});

describe('authorize: interfaces', () => {
  /* The threats: GHSA-x33c-7c2v-mrj9 and GHSA-mx7m-j9xf-62hw. */
  const accounts = (interfaceRule: string, typeRule: string) => `${securityLinks}
    type Query { accounts: [Account] users: [User] }
    interface Account { id: ID note: String ${interfaceRule} }
    type User implements Account { id: ID note: String ${typeRule} }
    type Admin implements Account { id: ID note: String ${typeRule} }`;

  test('a field that every type protects is protected on the interface', async () => {
    const ask = authorizerOf(accounts('', '@authenticated'));
    expect((await ask('{ accounts { id x: note } }')).planned).toBe('{ accounts { id } }');
  });

  test('a field that the interface alone protects is protected on every type', async () => {
    const ask = authorizerOf(accounts('@authenticated', ''));
    expect((await ask('{ accounts { id ... on Admin { note } } users { note } }')).planned).toBe(
      '{ accounts { id } users { __typename } }',
    );
  });

  test('what composition writes on an interface for some of its types does not bind the others', async () => {
    const ask = authorizerOf(`${securityLinks}
      type Query { accounts: [Account] admins: [Admin] }
      interface Account { note: String @requiresScopes(scopes: [["a", "b"]]) }
      type User implements Account { note: String @requiresScopes(scopes: [["a", "b"]]) }
      type Admin implements Account { note: String }`);
    expect((await ask('{ accounts { note } admins { note } }')).planned).toBe(
      '{ accounts { ... on Admin { note } } admins { note } }',
    );
  });
});

describe('authorize: what is read for a field', () => {
  /* The threat: GHSA-m8jr-fxqx-8xx6. */
  const shop = `schema
      @link(url: "https://specs.apollo.dev/link/v1.0")
      @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
      @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
      @link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)
    { query: Query }
    type Query { product: Product }
    type Product @context(name: "products__shop") {
      cost: Int @authenticated
      size: Size
      margin: Int @join__field(graph: A, requires: "cost")
      rating: Int @join__field(graph: A, requires: "margin")
      volume: Int @join__field(graph: A, requires: "size { wide { cm } }")
      plain: Int @join__field(graph: A, requires: "name")
      name: String
      part: Part
    }
    type Part { price: Int @join__field(graph: A, contextArguments: [{ context: "products__shop", name: "c", type: "Int", selection: " { cost }" }]) }
    type Size { wide: Wide } type Wide { cm: Int @authenticated }
    enum join__Graph { A @join__graph(name: "a", url: "") }`;
  const everything = '{ product { margin rating volume plain part { price } } }';

  test('needs what that needs, chains, nested fields and contexts included', async () => {
    expect((await authorizerOf(shop)(everything)).planned).toBe('{ product { plain part { __typename } } }');
  });

  test('needs the rules of a shield tree too, with the place where they stand', async () => {
    const asked: string[] = [];
    const staff = rule('staff')((_parent, _args, _context, info) => {
      asked.push(`${info.parentType.name}.${info.fieldName}`);
      return false;
    });
    const ask = authorizerOf(shop, { permissions: { Product: { cost: staff } } });
    const { planned } = await ask('{ product { margin plain } }', { principal: userWith() });
    expect({ planned, asked }).toEqual({ planned: '{ product { plain } }', asked: ['Product.cost'] });
  });

  test('is the affair of the subgraph where the settings say so', async () => {
    const ask = authorizerOf(shop, { trusted: ['Product.margin'] });
    expect((await ask('{ product { margin rating volume } }')).planned).toBe('{ product { margin rating } }');
  });
});
