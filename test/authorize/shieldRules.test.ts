import { describe, expect, jest, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { allow, and, chain, deny, inputRule, not, or, race, rule } from 'graphql-shield';
import { authorizerOf, type Rules, tableOf, userWith } from './authorizeSdl.ts';

/* What rules mean is the documentation of graphql-shield; where it fails open, the gateway does not. */

const sdl = `type Query { a(id: ID = "1", text: String): Int b: Int c: Int user: User }
  type User { id: ID! email: String ssn: String }`;

const yes = rule('yes')(() => true);
const no = rule('no')(async () => false);
const refuses = rule('refuses')(() => new Error('Not on Sundays.'));
const says = rule('says')(async () => 'Only in the morning.');
const throws = rule('throws')(() => {
  throw new Error('connect ECONNREFUSED 10.0.0.7');
});
const rejects = rule('rejects')(async () => {
  throw new Error('connect ECONNREFUSED 10.0.0.7');
});
const hangs = rule('hangs')(() => new Promise<boolean>(() => {}));
const nothing = rule('nothing')((() => undefined) as never);

const messageOf = async (each: unknown, options: Rules['options'] = {}): Promise<string> => {
  const ask = authorizerOf(sdl, { permissions: { Query: { a: each } }, options }, { ruleTimeoutMs: 20 });
  const { errors, denied } = await ask('{ a b }');
  return denied.length === 0 ? 'allowed' : String(errors[0]?.message);
};
const DENIED = 'Unauthorized field or type';

describe('authorize: rules of graphql-shield', () => {
  test.each([
    ['true', yes, 'allowed'],
    ['false', no, DENIED],
    ['allow', allow, 'allowed'],
    ['deny', deny, DENIED],
    ['a returned error', refuses, 'Not on Sundays.'],
    ['a returned text', says, 'Only in the morning.'],
    ['and of all true', and(yes, yes), 'allowed'],
    ['and of one false', and(yes, no), DENIED],
    ['and shows the first error', and(no, refuses, says), 'Not on Sundays.'],
    ['or of one true', or(no, yes), 'allowed'],
    ['or of none', or(no, refuses), 'Not on Sundays.'],
    ['not of true', not(yes), DENIED],
    ['not of true with a message', not(yes, 'Not you.'), 'Not you.'],
    ['not of false', not(no), 'allowed'],
    ['not of an error', not(refuses), 'allowed'],
    ['not of deny', not(deny), 'allowed'],
    ['chain of all true', chain(yes, yes), 'allowed'],
    ['chain up to an error', chain(yes, refuses), 'Not on Sundays.'],
    ['race with one true', race(no, yes), 'allowed'],
    ['race of none', race(no, refuses), 'Not on Sundays.'],
  ])('%s', async (_name, each, message) => {
    expect(await messageOf(each)).toBe(message);
  });

  test.each([
    ['throws', throws],
    ['rejects', rejects],
    ['hangs', hangs],
    ['gives no verdict', nothing],
  ])('a rule that %s denies, under `not` too, and says nothing of itself', async (_name, each) => {
    expect(
      await Promise.all(
        [each, not(each), not(or(no, each)), not(and(yes, each))].map((one) => messageOf(one)),
      ),
    ).toEqual([DENIED, DENIED, DENIED, DENIED]);
  });

  test('a rule that fails leaves the others unharmed', async () => {
    const ask = authorizerOf(
      sdl,
      { permissions: { Query: { a: throws, b: hangs, c: yes } } },
      { ruleTimeoutMs: 20 },
    );
    const { planned, faults } = await ask('{ a b c }');
    expect({ planned, faults }).toEqual({
      planned: '{ c }',
      faults: [
        'throws failed on Query.a, and denies: connect ECONNREFUSED 10.0.0.7',
        'hangs failed on Query.b, and denies: The rule did not answer in 20 ms.',
      ],
    });
  });

  test('a `GraphQLError` that is thrown is shown, with its code', async () => {
    const blocked = rule('blocked')(() => {
      throw new GraphQLError('Pay first.', {
        extensions: { code: 'PAYMENT_REQUIRED', http: { status: 402 } },
      });
    });
    const ask = authorizerOf(sdl, { permissions: { Query: { a: blocked } } });
    expect((await ask('{ a b }')).errors.map((error) => error.toJSON())).toEqual([
      { message: 'Pay first.', path: ['a'], extensions: { code: 'PAYMENT_REQUIRED' } },
    ]);
  });

  test('with `debug`, any error that is thrown is shown', async () => {
    expect(await messageOf(rejects, { debug: true })).toBe('connect ECONNREFUSED 10.0.0.7');
  });

  test.each([
    ['a text', 'Go away.'],
    ['an error', new Error('Go away.')],
    ['a function', () => new Error('Go away.')],
  ])('`fallbackError` may be %s', async (_name, fallbackError) => {
    expect(
      await Promise.all([no, throws, refuses].map((each) => messageOf(each, { fallbackError }))),
    ).toEqual(['Go away.', 'Go away.', 'Not on Sundays.']);
  });

  test('`fallbackError` gets what was thrown, and the arguments', async () => {
    const fallbackError = jest.fn((_error: unknown, _parent: object, _args: object) => new Error('No.'));
    await messageOf(throws, { fallbackError });
    expect(fallbackError.mock.calls.map(([error, , args]) => [String(error), args])).toEqual([
      ['Error: connect ECONNREFUSED 10.0.0.7', { id: '1' }],
    ]);
  });

  test('`chain` asks no rule after one that denies, and `race` none after one that allows', async () => {
    const asked: string[] = [];
    const step = (name: string, verdict: boolean) =>
      rule(name)(async () => {
        asked.push(name);
        return verdict;
      });
    await messageOf(chain(step('c1', true), step('c2', false), step('c3', true)));
    await messageOf(race(step('r1', false), step('r2', true), step('r3', true)));
    expect(asked).toEqual(['c1', 'c2', 'r1', 'r2']);
  });

  test('`inputRule` checks the arguments, and its error is shown', async () => {
    const short = inputRule('short')((yup) => yup.object({ text: yup.string().max(3, 'Too long.') }));
    const ask = authorizerOf(sdl, { permissions: { Query: { a: short } } });
    const { errors } = await ask('{ a(text: "abc") long: a(text: "abcd") }');
    expect(errors.map(({ message, path }) => [message, path])).toEqual([['Too long.', ['long']]]);
  });

  test('arguments of megabytes are hashed by nobody', async () => {
    const any = inputRule('any')((yup) => yup.object({ text: yup.string() }));
    const strict = rule('strict', { cache: 'strict' })(() => true);
    const ask = authorizerOf(sdl, { permissions: { Query: { a: and(any, strict) } } });
    const startedAt = performance.now();
    const { denied } = await ask('query ($text: String) { a(text: $text) }', {
      variables: { text: 'x'.repeat(4_000_000) },
    });
    // object-hash takes tens of seconds for it
    expect({ denied, isQuick: performance.now() - startedAt < 1_000 }).toEqual({ denied: [], isQuick: true });
  });
});

describe('authorize: what rules are given', () => {
  test('coerced arguments, defaults of variables and arguments included', async () => {
    const isOwn = rule('isOwn')((_parent, args, { principal }) => args.id === principal.id);
    const ask = authorizerOf(sdl, { permissions: { Query: { a: isOwn } } });
    const asOne = { principal: userWith({ id: '1' }) };
    expect([
      (await ask('{ a b }', asOne)).denied,
      (await ask('query ($id: ID = "2") { a(id: $id) b }', asOne)).denied,
      (await ask('query ($id: ID = "2") { a(id: $id) b }', { ...asOne, variables: { id: 1 } })).denied,
    ]).toEqual([[], ['a'], []]);
  });

  test('a context with the principal and the request', async () => {
    let context: unknown;
    const keeps = rule('keeps')((_parent, _args, given) => {
      context = given;
      return true;
    });
    const ask = authorizerOf(sdl, { permissions: { Query: { a: keeps } } });
    const principal = userWith();
    const headers = { 'x-tenant': 't1' };
    await ask('query Q { a }', { principal, client: { headers, requestId: 'r1', address: '10.1.2.3' } });
    expect(context).toMatchObject({
      principal,
      headers,
      requestId: 'r1',
      address: '10.1.2.3',
      operation: { type: 'query', name: 'Q' },
    });
  });

  test.each(['contextual', 'strict', 'no_cache'] as const)(
    'no verdict of another field, of another argument or of another request: %s',
    async (cache) => {
      const onlyA = rule({ cache })(
        (_parent, args, _context, info) => info.fieldName === 'a' && args.id === '1',
      );
      const ask = authorizerOf(sdl, { permissions: { Query: { a: onlyA, b: onlyA } } });
      const client = { headers: {} };
      expect([
        (await ask('{ a b c }', { client })).denied,
        (await ask('{ b a c }', { client })).denied,
        (await ask('{ a(id: "2") c }', { client })).denied,
      ]).toEqual([['b'], ['b'], ['a']]);
    },
  );

  test('a rule is asked once for a field with its arguments, however often that is selected', async () => {
    const asked = jest.fn(() => true);
    const ask = authorizerOf(sdl, { permissions: { Query: { a: rule('counts')(asked) } } });
    await ask('{ a x: a ...F ...F } fragment F on Query { y: a z: a(id: "7") }');
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test('a rule that reads a parent which it did not name denies, and the log says what to do', async () => {
    const reads = rule('reads')((parent) => parent.id === 'u1');
    const ask = authorizerOf(sdl, { permissions: { User: { email: reads } } });
    const { denied, faults } = await ask('{ user { id email } }');
    expect({ denied, fault: faults[0]?.slice(0, 100) }).toEqual({
      denied: ['user.email'],
      fault:
        'reads failed on User.email, and denies: The rule reads its parent, which is not fetched yet. Name wh',
    });
  });
});

describe('authorize: shield trees', () => {
  const shop = `type Query { items: [Item] search: [Found] user: User }
    interface Item { upc: ID! price: Int cost: Int }
    type Product implements Item { upc: ID! price: Int cost: Int name: String }
    type Card implements Item { upc: ID! price: Int cost: Int code: String }
    type User { id: ID! email: String }
    union Found = Product | User
    scalar Json input Filter { text: String }`;
  const deniedBy = async (permissions: unknown, query: string, options: Rules['options'] = {}) =>
    (await authorizerOf(shop, { permissions, options })(query)).denied;

  test('a rule for everything', async () => {
    expect(await deniedBy(deny, '{ user { id } search { __typename } }')).toEqual(['user', 'search']);
  });

  test('a rule on a type is one on each of its fields', async () => {
    expect(await deniedBy({ User: deny }, '{ user { id email } }')).toEqual(['user.id', 'user.email']);
  });

  test('`*` is for the fields without a rule of their own', async () => {
    expect(await deniedBy({ User: { '*': deny, id: allow } }, '{ user { id email } }')).toEqual([
      'user.email',
    ]);
  });

  test('`fallbackRule` is for what has no rule at all', async () => {
    expect(
      await deniedBy(
        { Query: { items: allow, user: allow }, Item: { upc: allow } },
        '{ user { id } items { upc price } }',
        {
          fallbackRule: deny,
        },
      ),
    ).toEqual(['user.id', 'items.@.price']);
  });

  test('a rule on a field of an interface is one on that field of each type', async () => {
    expect(
      await deniedBy(
        { Item: { cost: deny } },
        '{ items { upc ... on Product { cost } ... on Card { c: cost } } }',
      ),
    ).toEqual(['items.@.cost', 'items.@.c']);
  });

  test('a rule on a union is one on each of its types', async () => {
    expect(await deniedBy({ Found: deny }, '{ search { ... on Product { name } } user { id } }')).toEqual([
      'search.@.name',
      'user.id',
    ]);
  });

  test.each([
    ['a field that is not there', { User: { nope: deny } }, 'User.nope: the supergraph has no such field'],
    ['a type that is not there', { Nope: deny }, 'Nope: the supergraph has no such type'],
    ['a scalar', { Json: deny }, 'Json: rules apply to fields, and the type has none'],
    ['an input type', { Filter: { text: deny } }, 'Filter: rules apply to fields, and the type has none'],
    ['what is no rule', { User: { email: () => false } }, 'User.email: it is no rule of graphql-shield'],
    ['a type without rules', { User: 'deny' }, 'User: expected a rule, or a map of rules by field'],
    [
      'a fragment on another type',
      { User: { email: rule({ cache: 'strict', fragment: 'fragment F on Card { code }' })(() => true) } },
      'User.email: the fragment of an unnamed rule is on Card, and the field is of User',
    ],
    [
      'a fragment with a field that is not there',
      { User: { email: rule('own', { cache: 'strict', fragment: '{ nope }' })(() => true) } },
      'User.email: the fragment of own names User.nope, which clients do not have',
    ],
    [
      'a fragment with an alias',
      { User: { email: rule('own', { cache: 'strict', fragment: '... on User { x: id }' })(() => true) } },
      'User.email: the fragment of own may hold fields and literal arguments only: no aliases, variables, directives or fragments',
    ],
  ])('%s is refused', async (_name, permissions, problem) => {
    expect(await tableOf(shop, { permissions })).toEqual({ problems: [problem] });
  });

  test('rules of one name are told apart', async () => {
    const named = (verdict: boolean) => rule('one name', { cache: 'contextual' })(() => verdict);
    expect(
      await deniedBy({ User: { id: named(true), email: named(false) } }, '{ user { id email } }'),
    ).toEqual(['user.email']);
  });

  test('what `shield` returns is refused with what to do', async () => {
    expect(await tableOf(shop, { permissions: { generate: () => ({}) } })).toEqual({
      problems: [expect.stringContaining('export the tree that it was given')],
    });
  });

  test('a rule of a class of its own is refused: what it overrides would not be called', async () => {
    class Own extends (deny.constructor as new () => object) {}
    expect(await tableOf(shop, { permissions: { User: { email: new Own() } } })).toEqual({
      problems: ['User.email: it is no rule of graphql-shield'],
    });
  });
});
