import { afterEach, describe, expect, test } from '@jest/globals';
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { enginesUnderTest } from '../support/federationCase.ts';
import {
  done,
  rules,
  type SecurityGraph,
  type SecurityGraphOptions,
  shopRules,
  startSecurityGraph,
} from './securityGraph.ts';

let graph: SecurityGraph | undefined;
afterEach(async () => {
  await graph?.stop();
  graph = undefined;
});

async function start(options: SecurityGraphOptions): Promise<SecurityGraph> {
  graph = await startSecurityGraph(options);
  return graph;
}

describe.each(enginesUnderTest)('security: settings of authorization (%s)', (engine) => {
  const settingsOf = (authorization: object) => ({
    engine,
    permissions: shopRules,
    settings: { authorization },
  });

  test('`reject_unauthorized` ends a request that is denied anything, before anything is done', async () => {
    const { ask } = await start(settingsOf({ reject_unauthorized: true }));
    done.length = 0;
    const mutation = await ask('mutation { a: updateMyName(name: "x") { name } b: deleteUser(id: "u2") }', {
      as: 'user1',
    });
    const query = await ask('{ user(id: "u1") { name ssn } }');
    expect([mutation.status, mutation.body, done, query.sentTo('accounts')]).toEqual([
      403,
      {
        errors: [
          {
            message: 'Unauthorized field or type',
            path: ['b'],
            extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' },
          },
        ],
      },
      [],
      [],
    ]);
  });

  test('`dry_run` denies nothing, and tells what would be', async () => {
    const { ask } = await start(settingsOf({ dry_run: true, reject_unauthorized: true }));
    const asked = await ask('{ user(id: "u1") { name email ssn } }', { as: 'emailer' });
    expect([asked.body.data, asked.denied]).toEqual([
      { user: { name: 'Ada', email: 'ada@example.test', ssn: 'SECRET-SSN-1' } },
      ['user.ssn'],
    ]);
  });

  test('`errors.response` says where clients read of it', async () => {
    const query = '{ user(id: "u1") { name ssn } }';
    const extensions = await (await start(settingsOf({ errors: { response: 'extensions' } }))).ask(query);
    await graph?.stop();
    const disabled = await (await start(settingsOf({ errors: { response: 'disabled' } }))).ask(query);
    const data = { user: { name: 'Ada', ssn: null } };
    expect([extensions.body, disabled.body]).toEqual([
      {
        data,
        extensions: {
          authorizationErrors: [
            {
              message: 'Unauthorized field or type',
              path: ['user', 'ssn'],
              extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' },
            },
          ],
        },
      },
      { data },
    ]);
  });

  test('`trust_requires` leaves a computed field to its subgraph', async () => {
    const { ask } = await start(settingsOf({ trust_requires: ['Product.margin'] }));
    const asked = await ask('{ topProducts(first: 1) { margin cost } }');
    expect(asked.body.data).toEqual({ topProducts: [{ margin: 5758, cost: null }] });
  });

  test('`introspection: permitted` shows what the caller may ask, and no more', async () => {
    const { ask } = await start({ engine, permissions: shopRules, settings: { introspection: 'permitted' } });
    const schemaFor = async (as: 'anonymous' | 'admin') => {
      const asked = await ask(getIntrospectionQuery(), { as });
      const types = buildClientSchema(asked.body.data as IntrospectionQuery).getTypeMap();
      const fieldsOf = (name: string) =>
        Object.keys((types[name] as { getFields?: () => object })?.getFields?.() ?? {});
      return { user: fieldsOf('User'), query: fieldsOf('Query'), card: types.GiftCard !== undefined };
    };
    const everything = [
      'accounts',
      'catalog',
      'find',
      'items',
      'me',
      'review',
      'topProducts',
      'user',
      'users',
    ];
    const [nobody, admin] = [await schemaFor('anonymous'), await schemaFor('admin')];
    expect([nobody.user.toSorted(), nobody.query.toSorted(), nobody.card]).toEqual([
      ['friends', 'id', 'label', 'name', 'reviewCount'],
      everything.filter((field) => field !== 'users'),
      false,
    ]);
    expect([admin.user.length, admin.query.toSorted(), admin.card]).toEqual([9, everything, true]);
    const one = await ask(
      '{ user: __type(name: "User") { fields { name } } card: __type(name: "GiftCard") { name } me { name ssn } }',
    );
    expect(one.body.data).toEqual({
      user: { fields: ['id', 'name', 'label', 'friends', 'reviewCount'].map((name) => ({ name })) },
      card: null,
      me: { name: 'Ada', ssn: null },
    });
    // what is not shown is not hinted at
    expect((await ask('{ user(id: "u1") { sss } }')).text).not.toContain('ssn');
  });
});

describe.each(enginesUnderTest)('security: rule trees (%s)', (engine) => {
  // GHSA-mx7m-j9xf-62hw
  test('a rule on an interface holds on its types', async () => {
    const { ask } = await start({
      engine,
      permissions: `${rules} export const permissions = { Account: { secretNote: role('admin') } };`,
    });
    const asked = await ask(
      '{ accounts { ... on Admin { secretNote } ... on User { n: secretNote } } me { secretNote } }',
    );
    expect(asked.body.data).toEqual({
      accounts: [{ n: null }, { secretNote: null }],
      me: { secretNote: null },
    });
  });

  test('`fallbackRule: deny` closes everything that has no rule', async () => {
    const { ask } = await start({
      engine,
      permissions: `${rules}
        export const permissions = { Query: { topProducts: allow }, Product: { upc: allow, name: allow } };
        export const options = { fallbackRule: deny };`,
    });
    const asked = await ask(
      '{ topProducts(first: 1) { upc name price reviews { body } } me { name } __typename }',
    );
    expect([asked.body.data, asked.denied]).toEqual([
      {
        topProducts: [{ upc: 'p1', name: 'Product 1', price: null, reviews: null }],
        me: null,
        __typename: 'Query',
      },
      ['topProducts.@.price', 'topProducts.@.reviews', 'me'],
    ]);
  });

  test('a contextual verdict is not taken for another field', async () => {
    const { ask } = await start({
      engine,
      permissions: `${rules}
        const only = rule('only', { cache: 'contextual' })((_p: unknown, _a: unknown, _c: unknown, info: any) => info.fieldName === 'topProducts');
        export const permissions = { Query: { me: only, topProducts: only } };`,
    });
    const [one, other] = [
      await ask('{ topProducts(first: 1) { name } me { name } }'),
      await ask('{ me { name } topProducts(first: 1) { name } }'),
    ];
    const data = { topProducts: [{ name: 'Product 1' }], me: null };
    expect([one.body.data, other.body.data]).toEqual([data, data]);
  });

  // GHSA-g8jh-vg5j-4h3f
  test('a directive holds under the name that a subgraph imports it by', async () => {
    const { ask } = await start({
      engine,
      ssn: '@auth',
      imports: ', { name: "@authenticated", as: "@auth" }',
    });
    const [nobody, user] = [
      await ask('{ user(id: "u1") { name ssn } }'),
      await ask('{ user(id: "u1") { ssn } }', { as: 'user1' }),
    ];
    expect([nobody.body.data, user.body.data]).toEqual([
      { user: { name: 'Ada', ssn: null } },
      { user: { ssn: 'SECRET-SSN-1' } },
    ]);
    expect(nobody.sentTo('accounts').join()).not.toContain('ssn');
  });

  test('a directive and a rule must both agree', async () => {
    const { ask } = await start({
      engine,
      ssn: '@requiresScopes(scopes: [["read:email"]])',
      imports: ', "@requiresScopes"',
      permissions: shopRules,
    });
    const see = async (as: 'emailer' | 'admin') =>
      (await ask('{ user(id: "u1") { ssn } }', { as })).body.data;
    expect([await see('emailer'), await see('admin')]).toEqual([
      { user: { ssn: null } },
      { user: { ssn: 'SECRET-SSN-1' } },
    ]);
  });

  test('policies are answered by the module, from the principal and the request', async () => {
    const { ask } = await start({
      engine,
      ssn: '@policy(policies: [["self", "office"], ["root"]])',
      imports: ', "@policy"',
      permissions: `export const evaluatePolicies = async (names: readonly string[], { principal, headers }: any) => ({
        self: principal.id === 'u1', office: headers['x-office'] === 'yes', root: principal.roles.includes('admin') });`,
    });
    const see = async (as: 'user1' | 'admin', headers = {}) =>
      JSON.stringify((await ask('{ user(id: "u1") { ssn } }', { as, headers })).body.data);
    expect([await see('user1'), await see('user1', { 'x-office': 'yes' }), await see('admin')]).toEqual([
      '{"user":{"ssn":null}}',
      '{"user":{"ssn":"SECRET-SSN-1"}}',
      '{"user":{"ssn":"SECRET-SSN-1"}}',
    ]);
  });
});

describe('security: permissions that cannot be enforced', () => {
  test.each([
    [
      'a field that is not there',
      `${rules} export const permissions = { User: { nope: deny } };`,
      /User\.nope: the supergraph has no such field/,
    ],
    [
      'what does not parse',
      'export const permissions = {',
      /permissions\.ts cannot be used: .*permissions\.ts:1:28: ERROR: Expected identifier but found end of file/s,
    ],
    [
      'what throws',
      'throw new Error("no store"); export const permissions = {};',
      /permissions\.ts cannot be used: no store/,
    ],
    [
      'a package that is not there',
      'import "not-a-package"; export const permissions = {};',
      /Could not resolve "not-a-package"/,
    ],
    [
      'a name that is not read',
      'export const permision = {};',
      /it exports permision, and permissions, options, evaluatePolicies are what the gateway reads/,
    ],
    ['nothing', 'const a = 1;', /it exports neither `permissions` nor `evaluatePolicies`/],
  ])('%s: the gateway does not start', async (_name, permissions, message) => {
    await expect(start({ engine: 'compiled', permissions })).rejects.toMatchObject({
      code: 'PERMISSIONS_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
