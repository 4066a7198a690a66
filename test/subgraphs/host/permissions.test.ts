import { buildSubgraphSchema } from '@apollo/subgraph';
import { describe, expect, test } from '@jest/globals';
import { graphql, parse } from 'graphql';
import { SubgraphError } from '../../../subgraphs/host/errors.ts';
import { applyPermissions, type Permissions, type ShieldRule } from '../../../subgraphs/host/permissions.ts';
import { allow, and, chain, deny, inputRule, not, or, race, rule } from '../../../subgraphs/host/shield.ts';

/*
 * Sources: graphql-shield's documentation for what rules mean; graphql-shield#1387 and graphql-middleware#351 for
 * `__resolveReference`; graphql-shield 7.6.5, esm/generator.js and esm/rules.js, for where it fails open.
 */

const SDL = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query {
    me: User
    users: [User!]!
    pets: [Pet!]!
    find: Found
    add(left: Int, right: Int): Int
    fail: Int
  }
  type User @key(fields: "id") {
    id: ID!
    name: String
    email: String
  }
  interface Pet @key(fields: "id") {
    id: ID!
    name: String
  }
  type Cat implements Pet @key(fields: "id") {
    id: ID!
    name: String
  }
  type Dog implements Pet @key(fields: "id") {
    id: ID!
    name: String
  }
  union Found = User | Cat
`;

const resolvers = {
  Query: {
    me: () => ({ id: '1', name: 'Ada', email: 'ada@example.com' }),
    users: () => [1, 2].map((id) => ({ id, name: `user ${id}`, email: `${id}@example.com` })),
    pets: () => [{ __typename: 'Cat', id: 'c', name: 'Tom' }],
    find: () => ({ __typename: 'Cat', id: 'c', name: 'Tom' }),
    add: (_root: unknown, { left, right }: { left: number; right: number }) => left + right,
    fail: () => {
      throw new TypeError('a fault of the resolver');
    },
  },
  User: {
    __resolveReference: ({ id }: { id: string }) =>
      id === 'none' ? null : { id, name: `user ${id}`, email: `${id}@example.com` },
  },
  Pet: {
    __resolveType: ({ __typename }: { __typename: string }) => __typename,
    __resolveReference: ({ id }: { id: string }) => ({
      __typename: id === 'c' ? 'Cat' : 'Dog',
      id,
      name: `pet ${id}`,
    }),
  },
  Cat: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `cat ${id}` }) },
};

const everything: Permissions = { Query: { '*': allow }, User: allow, Cat: allow, Dog: allow };

interface Answer {
  readonly data: unknown;
  readonly errors: readonly string[];
}

async function ask(
  permissions: Permissions,
  source: string,
  {
    variableValues,
    contextValue = {},
  }: { variableValues?: Record<string, unknown>; contextValue?: object } = {},
): Promise<Answer> {
  const schema = buildSubgraphSchema({ typeDefs: parse(SDL), resolvers });
  applyPermissions(schema, permissions);
  const result = await graphql({ schema, source, variableValues, contextValue });
  return {
    data: JSON.parse(JSON.stringify(result.data ?? null)),
    errors: (result.errors ?? []).map(
      ({ message, path, extensions }) => `${path?.join('.')}: ${extensions.code ?? 'no code'}: ${message}`,
    ),
  };
}

const entities =
  'query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on User { name } ... on Cat { name } ... on Dog { name } } }';
const entitiesOf = (permissions: Permissions, ...of: unknown[]): Promise<Answer> =>
  ask(permissions, entities, { variableValues: { of } });

const denied = 'FORBIDDEN: You are not allowed to see or do this.';

describe('permissions: what no rule names', () => {
  test('is denied', async () => {
    const permissions = { Query: { me: allow }, User: { id: allow } };
    expect(await ask(permissions, '{ me { id name } find { __typename } }')).toEqual({
      data: { me: { id: '1', name: null }, find: null },
      errors: [`me.name: ${denied}`, `find: ${denied}`],
    });
  });

  test('is denied in a type that no rule names', async () => {
    expect(await ask({ Query: { me: allow } }, '{ me { name } }')).toEqual({
      data: { me: { name: null } },
      errors: [`me.name: ${denied}`],
    });
  });
});

describe('permissions: federation', () => {
  test.each<[string, Permissions]>([
    ['no rules at all', {}],
    ['a rule that denies all of Query', { Query: deny }],
    ['a wildcard that denies', { Query: { '*': deny } }],
  ])('`_service` answers under %s', async (_what, permissions) => {
    const { data, errors } = await ask(permissions, '{ _service { sdl } }');
    expect([errors, JSON.stringify(data)]).toEqual([[], expect.stringContaining('type User')]);
  });

  test('`_entities` resolves references where only the fields have rules', async () => {
    const permissions = { User: { name: allow } };
    expect(await entitiesOf(permissions, { __typename: 'User', id: '7' })).toEqual({
      data: { _entities: [{ __typename: 'User', name: 'user 7' }] },
      errors: [],
    });
  });

  test('a field is guarded whichever way its entity was reached', async () => {
    const permissions = { Query: { '*': allow }, User: { '*': allow, name: deny } };
    const direct = await ask(permissions, '{ me { name } }');
    const reached = await entitiesOf(permissions, { __typename: 'User', id: '7' });
    expect([direct.errors, reached.errors, reached.data]).toEqual([
      [`me.name: ${denied}`],
      [`_entities.0.name: ${denied}`],
      { _entities: [{ __typename: 'User', name: null }] },
    ]);
  });

  test('a rule for a whole type is asked about the entity, not about the reference', async () => {
    const asked: unknown[] = [];
    const isFirst = rule('isFirst')((user: { id: string; email?: string }) => {
      asked.push(user.email);
      return user.id === '1';
    });
    const answer = await ask(
      { User: isFirst },
      'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }',
      { variableValues: { of: ['1', '2', 'none'].map((id) => ({ __typename: 'User', id })) } },
    );
    expect([answer, asked]).toEqual([
      { data: { _entities: [{ __typename: 'User' }, null, null] }, errors: [`_entities.1: ${denied}`] },
      ['1@example.com', '2@example.com'],
    ]);
  });

  test('a rule for a whole type is asked about an entity reached as an interface', async () => {
    const permissions = { Cat: deny, Dog: allow };
    const of = ['c', 'd'].map((id) => ({ __typename: 'Pet', id }));
    expect(await entitiesOf(permissions, ...of)).toEqual({
      data: { _entities: [null, { __typename: 'Dog', name: 'pet d' }] },
      errors: [`_entities.0: ${denied}`],
    });
  });

  test('a type without `__resolveReference` keeps the reference', async () => {
    expect(await entitiesOf({ Dog: allow }, { __typename: 'Dog', id: 'd', name: 'Rex' })).toEqual({
      data: { _entities: [{ __typename: 'Dog', name: 'Rex' }] },
      errors: [],
    });
  });

  test('interfaces and unions still find their types', async () => {
    expect(await ask(everything, '{ pets { __typename name } find { ... on Cat { name } } }')).toEqual({
      data: { pets: [{ __typename: 'Cat', name: 'Tom' }], find: { name: 'Tom' } },
      errors: [],
    });
  });
});

describe('permissions: what rules say', () => {
  const yes = rule('yes')(() => true);
  const no = rule('no')(() => false);
  const said = rule('said')(() => 'Not today.');
  const failed = rule('failed')(() => new Error('Not here.'));
  const coded = rule('coded')(() => new SubgraphError('UNAUTHENTICATED', 'Sign in.'));

  const fault = 'no code: the rule is broken';
  const throws = rule('throws')(() => {
    throw new Error('the rule is broken');
  });
  const rejects = rule('rejects')(() => Promise.reject(new Error('the rule is broken')));

  test.each<[string, ShieldRule, string | undefined]>([
    ['true', yes, undefined],
    ['a promise of true', rule('later')(async () => true), undefined],
    ['false', no, denied],
    ['a text', said, 'FORBIDDEN: Not today.'],
    ['an error', failed, 'FORBIDDEN: Not here.'],
    ['an error with a code', coded, 'UNAUTHENTICATED: Sign in.'],
    ['1', rule('one')((() => 1) as never), denied],
    ['an object', rule('object')((() => ({})) as never), denied],
    ['nothing', rule('nothing')((() => undefined) as never), denied],
    ['a fault', throws, fault],
    ['a rejection', rejects, fault],
    ['not(false)', not(no), undefined],
    ['not(true)', not(yes), denied],
    ['not(a fault)', not(throws), fault],
    ['not(not(a rejection))', not(not(rejects)), fault],
    ['or(false, true)', or(no, yes), undefined],
    ['or(a fault, true)', or(throws, yes), fault],
    ['and(true, true)', and(yes, yes), undefined],
    ['and(true, false)', and(yes, no), denied],
    ['chain(true, a text)', chain(yes, said), 'FORBIDDEN: Not today.'],
    ['race(false, true)', race(no, yes), undefined],
    ['allow', allow, undefined],
    ['deny', deny, denied],
  ])('%s', async (_what, permission, error) => {
    const { data, errors } = await ask({ Query: { me: permission }, User: allow }, '{ me { id } }');
    expect([data, errors]).toEqual([
      { me: error === undefined ? { id: '1' } : null },
      error === undefined ? [] : [`me: ${error}`],
    ]);
  });

  test('an input rule refuses arguments with its own words', async () => {
    const small = inputRule('small')((yup) =>
      yup.object({ left: yup.number().max(10, 'left is too large') }),
    );
    expect(
      await ask({ Query: { add: small } }, '{ a: add(left: 1, right: 2) b: add(left: 11, right: 2) }'),
    ).toEqual({
      data: { a: 3, b: null },
      errors: ['b: FORBIDDEN: left is too large'],
    });
  });

  test('the errors of resolvers stay what they are', async () => {
    expect(await ask({ Query: { fail: yes } }, '{ fail }')).toEqual({
      data: { fail: null },
      errors: ['fail: no code: a fault of the resolver'],
    });
  });
});

describe('permissions: verdicts that are kept', () => {
  const counted = (
    cache: 'contextual' | 'strict' | 'no_cache',
    verdict: (parent: { id?: unknown }) => boolean,
  ) => {
    const calls: unknown[] = [];
    const made = rule(`counted ${cache}`, { cache })(async (parent: { id?: unknown }) => {
      calls.push(parent?.id);
      return verdict(parent);
    });
    return { made, calls };
  };
  const names = '{ users { name again: name email } }';

  test('`contextual` ones serve one field of one request', async () => {
    const { made, calls } = counted('contextual', () => true);
    const permissions = { Query: { '*': allow }, User: { name: made, email: made } };
    const contextValue = {};
    await ask(permissions, names, { contextValue });
    const once = calls.length;
    await ask(permissions, names);
    expect([once, calls.length]).toEqual([2, 4]);
  });

  test('`contextual` ones of one field say nothing of another', async () => {
    const byField = rule('byField', { cache: 'contextual' })(
      (_parent, _arguments, _context, { fieldName }) => fieldName === 'name',
    );
    const permissions = { Query: { '*': allow }, User: { name: byField, email: byField } };
    expect(await ask(permissions, '{ me { name email } }')).toEqual({
      data: { me: { name: 'Ada', email: null } },
      errors: [`me.email: ${denied}`],
    });
  });

  test('`strict` ones serve one parent', async () => {
    const { made, calls } = counted('strict', ({ id }) => id === 1);
    const { data } = await ask(
      { Query: { '*': allow }, User: { name: made } },
      '{ users { name again: name } }',
    );
    expect([data, calls]).toEqual([
      {
        users: [
          { name: 'user 1', again: 'user 1' },
          { name: null, again: null },
        ],
      },
      [1, 2],
    ]);
  });

  test('`strict` ones are not mixed up by equal arguments of different calls', async () => {
    const small = rule('small', { cache: 'strict' })((_parent, { left }: { left: number }) => left < 10);
    expect(
      await ask({ Query: { add: small } }, '{ a: add(left: 1, right: 2) b: add(left: 11, right: 2) }'),
    ).toEqual({
      data: { a: 3, b: null },
      errors: [`b: ${denied}`],
    });
  });

  test('`strict` ones do not hash a megabyte of arguments', async () => {
    const { made } = counted('strict', () => true);
    const huge = Array.from({ length: 20_000 }, (_, index) => index);
    const start = performance.now();
    await ask(
      { Query: { add: made } },
      `{ ${huge
        .map((i) => `a${i}: add(left: 1, right: 2)`)
        .slice(0, 500)
        .join(' ')} }`,
    );
    // object-hash, graphql-shield's own, takes seconds for what a request may hold
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('permissions: trees that cannot be honoured', () => {
  const refusal = (permissions: unknown): string => {
    const schema = buildSubgraphSchema({ typeDefs: parse(SDL), resolvers });
    try {
      applyPermissions(schema, permissions as Permissions);
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };

  test.each([
    ['an interface', { Pet: deny }, 'Rules on Pet are never asked; write them on its types: Cat, Dog.'],
    [
      'fields of an interface',
      { Pet: { name: deny } },
      'Rules on Pet are never asked; write them on its types: Cat, Dog.',
    ],
    ['a union', { Found: deny }, 'Rules on Found are never asked; write them on its types: User, Cat.'],
    ['a scalar', { ID: deny }, 'There are rules on ID, which is no object type of the schema.'],
    [
      'a type that is not there',
      { Usr: deny },
      'There are rules on Usr, which is no object type of the schema.',
    ],
    [
      'a field that is not there',
      { User: { nmae: deny } },
      'It seems like you have applied rules to User.nmae fields but Shield cannot find them in your schema.',
    ],
    ['a function', { User: { name: () => false } }, 'What stands at User.name is no rule of graphql-shield.'],
    ['nothing', { User: { name: undefined } }, 'What stands at User.name is no rule of graphql-shield.'],
  ])('rules on %s', (_what, permissions, message) => {
    expect(refusal(permissions)).toBe(message);
  });
});
