import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation directives reference, `@override(from:)`: the field is resolved by the subgraph that carries the directive,
 * and never by the one that it names; with fields of the old subgraph that throw, a wrong fetch shows.
 */
const moved = () => {
  throw new Error('this field has moved');
};

describe.each(enginesUnderTest)('conformance: @override (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    legacy: {
      sdl: `${federation2}
        type Query { account(id: ID!): Account accounts: [Account!]! motd: String }
        interface Owned { owner: String }
        type Account implements Owned @key(fields: "id") {
          id: ID!
          owner: String
          limit: Int
          currency: String @shareable
        }`,
      resolvers: {
        Query: {
          account: (_: unknown, { id }: { id: string }) => ({ id }),
          accounts: () => [{ id: 'x' }, { id: 'y' }],
          motd: moved,
        },
        Account: { owner: moved, limit: () => 10, currency: () => 'EUR' },
      },
    },
    modern: {
      sdl: `${federation2}
        type Query { motd: String @override(from: "legacy") }
        type Account @key(fields: "id") {
          id: ID!
          owner: String @override(from: "legacy")
          limit: Int @external
          spent: Int @requires(fields: "limit")
          rating: String @override(from: "scores") @requires(fields: "limit")
          colour: String @override(from: "nobody")
        }`,
      resolvers: {
        Query: { motd: () => 'new words' },
        Account: {
          owner: ({ id }: { id: string }) => `owner of ${id}`,
          spent: ({ limit }: { limit: number }) => limit - 1,
          rating: ({ limit }: { limit: number }) => `rated ${limit}`,
          colour: () => 'blue',
        },
      },
    },
    scores: {
      sdl: `${federation2}
        type Account @key(fields: "id") {
          id: ID!
          rating: String
          owner: String @external
          greeting: String @requires(fields: "owner")
        }`,
      resolvers: { Account: { rating: moved, greeting: ({ owner }: { owner: string }) => `Dear ${owner}` } },
    },
  });

  test('an overridden field of an entity comes from the new subgraph', async () => {
    const { answer, fieldsAskedOf } = await ask('{ account(id: "x") { id owner } }');
    expect(answer).toEqual({ data: { account: { id: 'x', owner: 'owner of x' } } });
    expect(fieldsAskedOf('legacy')).not.toContain('owner');
  });

  test('the fields around it still come from the old subgraph', async () => {
    const { answer } = await ask('{ accounts { id limit currency owner } }');
    expect(answer).toEqual({
      data: {
        accounts: [
          { id: 'x', limit: 10, currency: 'EUR', owner: 'owner of x' },
          { id: 'y', limit: 10, currency: 'EUR', owner: 'owner of y' },
        ],
      },
    });
  });

  test('an overridden root field is asked of the new subgraph alone', async () => {
    const { answer, asked } = await ask('{ motd }');
    expect(answer).toEqual({ data: { motd: 'new words' } });
    expect(asked).toEqual(['modern']);
  });

  test('an overridden field that requires one of the old subgraph gets it', async () => {
    const { answer } = await ask('{ account(id: "x") { spent rating } }');
    expect(answer).toEqual({ data: { account: { spent: 9, rating: 'rated 10' } } });
  });

  test('a field that requires an overridden one gets it from the new subgraph', async () => {
    const { answer, asked, representationsSentTo } = await ask('{ account(id: "y") { greeting } }');
    expect(answer).toEqual({ data: { account: { greeting: 'Dear owner of y' } } });
    expect(asked).toEqual(['legacy', 'modern', 'scores']);
    expect(representationsSentTo('scores')).toEqual([
      { __typename: 'Account', id: 'y', owner: 'owner of y' },
    ]);
  });

  test('an override of a subgraph that does not exist has no effect', async () => {
    const { answer } = await ask('{ account(id: "x") { colour } }');
    expect(answer).toEqual({ data: { account: { colour: 'blue' } } });
  });
});

describe.each(enginesUnderTest)('conformance: @override below an interface (%s)', (engine) => {
  const animals = [
    { __typename: 'Cat', id: 'a1' },
    { __typename: 'Dog', id: 'a2' },
  ];
  const { ask, test } = federatedGraph(engine, {
    zoo: {
      sdl: `${federation2}
        type Query { animals: [Animal!]! }
        interface Animal { id: ID! noise: String! }
        type Cat implements Animal @key(fields: "id") { id: ID! noise: String! }
        type Dog implements Animal @key(fields: "id") { id: ID! noise: String! }`,
      resolvers: {
        Query: { animals: () => animals },
        Cat: { noise: moved },
        Dog: { noise: () => 'woof' },
      },
    },
    sounds: {
      sdl: `${federation2}
        type Query { loudest: Animal }
        interface Animal { id: ID! noise: String! }
        type Cat implements Animal @key(fields: "id") { id: ID! noise: String! @override(from: "zoo") }
        type Dog implements Animal @key(fields: "id") { id: ID! noise: String! @external }`,
      resolvers: {
        Query: { loudest: () => animals[0] },
        Cat: { noise: () => 'purr' },
      },
    },
  });

  test('each type asks the subgraph that now owns its field', async () => {
    const { answer } = await ask('{ animals { id noise } }');
    expect(answer).toEqual({
      data: {
        animals: [
          { id: 'a1', noise: 'purr' },
          { id: 'a2', noise: 'woof' },
        ],
      },
    });
  });

  test('a fragment on the other type is not led to the old field', async () => {
    const { answer } = await ask('{ animals { ... on Cat { noise } ... on Dog { id } } }');
    expect(answer).toEqual({ data: { animals: [{ noise: 'purr' }, { id: 'a2' }] } });
  });

  test('the new subgraph answers from its own root field', async () => {
    const { answer, asked } = await ask('{ loudest { ... on Cat { noise } } }');
    expect(answer).toEqual({ data: { loudest: { noise: 'purr' } } });
    expect(asked).toEqual(['sounds']);
  });
});

/** `@override(label:)`: of `percent(100)` and `percent(0)` the outcome is known (Federation 2.7, progressive override). */
describe.each(enginesUnderTest)('conformance: @override with a label (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    monolith: {
      sdl: `${federation2}
        type Query { device: Device }
        type Device @key(fields: "id") { id: ID! never: String always: String }`,
      resolvers: {
        Query: { device: () => ({ id: 'd1', never: 'monolith', always: 'monolith' }) },
        Device: { __resolveReference: () => ({ id: 'd1', never: 'monolith', always: 'monolith' }) },
      },
    },
    split: {
      sdl: `${federation2}
        type Query { newest: Device }
        type Device @key(fields: "id") {
          id: ID!
          never: String @override(from: "monolith", label: "percent(0)")
          always: String @override(from: "monolith", label: "percent(100)")
        }`,
      resolvers: {
        Query: { newest: () => ({ id: 'd1', never: 'split', always: 'split' }) },
        Device: { __resolveReference: () => ({ id: 'd1', never: 'split', always: 'split' }) },
      },
    },
  });

  test('percent(0) leaves the field with the old subgraph', async () => {
    const { answer } = await ask('{ device { never } }');
    expect(answer).toEqual({ data: { device: { never: 'monolith' } } });
  });

  test('percent(0) leads from the new subgraph back to the old one', async () => {
    const { answer } = await ask('{ newest { never } }');
    expect(answer).toEqual({ data: { newest: { never: 'monolith' } } });
  });

  test('percent(100) resolves the field in the new subgraph', async () => {
    const { answer } = await ask('{ device { always } }');
    expect(answer).toEqual({ data: { device: { always: 'split' } } });
  });

  test('percent(100) needs no second request from the new subgraph', async () => {
    const { answer, asked } = await ask('{ newest { always } }');
    expect(answer).toEqual({ data: { newest: { always: 'split' } } });
    expect(asked).toEqual(['split']);
  });
});
