import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation directives reference, `@requires`: its selection set may go through interfaces and unions, with fragments on
 * their types. The representation then has `__typename` where the type must be known.
 */
const parts: Readonly<Record<string, object>> = {
  b1: { __typename: 'Gear', id: 'p1', name: 'gear', teeth: 20 },
  b2: { __typename: 'Chain', id: 'p2', name: 'chain', links: 110 },
};

describe.each(enginesUnderTest)('conformance: @requires on abstract types (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    stock: {
      sdl: `${federation2}
        type Query { bikes: [Bike!]! }
        interface Part { id: ID! name: String! }
        type Gear implements Part @key(fields: "id") { id: ID! name: String! teeth: Int! }
        type Chain implements Part @key(fields: "id") { id: ID! name: String! links: Int! }
        union Extra = Bell | Bag
        type Bell { tone: String! }
        type Bag { litres: Int! }
        type Bike @key(fields: "id") { id: ID! part: Part! extras: [Extra!]! }`,
      resolvers: {
        Query: { bikes: () => [{ id: 'b1' }, { id: 'b2' }] },
        Bike: {
          part: ({ id }: { id: string }) => parts[id],
          extras: ({ id }: { id: string }) =>
            id === 'b1'
              ? [
                  { __typename: 'Bell', tone: 'C' },
                  { __typename: 'Bag', litres: 9 },
                ]
              : [],
        },
      },
    },
    repairs: {
      sdl: `${federation2}
        interface Part { id: ID! name: String! }
        type Gear implements Part @key(fields: "id") { id: ID! name: String! @external teeth: Int! @external wear: Int! }
        type Chain implements Part @key(fields: "id") { id: ID! name: String! @external links: Int! @external }
        union Extra = Bell | Bag
        type Bell { tone: String! @external }
        type Bag { litres: Int! @external }
        type Bike @key(fields: "id") {
          id: ID!
          part: Part! @external
          extras: [Extra!]! @external
          tag: String! @requires(fields: "part { id name }")
          effort: Int! @requires(fields: "part { ... on Gear { teeth } ... on Chain { links } }")
          load: Int! @requires(fields: "extras { ... on Bag { litres } ... on Bell { tone } }")
          twin: Bike
        }`,
      resolvers: {
        Gear: { wear: () => 3 },
        Bike: {
          tag: ({ part }: { part: { id: string; name: string } }) => `${part.id} ${part.name}`,
          effort: ({ part }: { part: { teeth?: number; links?: number } }) =>
            (part.teeth ?? 0) + (part.links ?? 0),
          load: ({ extras }: { extras: { litres?: number }[] }) =>
            extras.reduce((sum, { litres }) => sum + (litres ?? 0), 0),
          twin: ({ id }: { id: string }) => ({ id: id === 'b1' ? 'b2' : 'b1' }),
        },
      },
    },
  });

  test('fields of an interface', async () => {
    const { answer } = await ask('{ bikes { tag } }');
    expect(answer).toEqual({ data: { bikes: [{ tag: 'p1 gear' }, { tag: 'p2 chain' }] } });
  });

  test('fragments on the types of an interface', async () => {
    const { answer } = await ask('{ bikes { effort } }');
    expect(answer).toEqual({ data: { bikes: [{ effort: 20 }, { effort: 110 }] } });
  });

  test('fragments on the members of a union, in a list', async () => {
    const { answer } = await ask('{ bikes { load } }');
    expect(answer).toEqual({ data: { bikes: [{ load: 9 }, { load: 0 }] } });
  });

  test('the client asks for other parts of what is required', async () => {
    const { answer } = await ask(
      '{ bikes { part { name ... on Gear { wear } } effort extras { ... on Bell { tone } } load } }',
    );
    expect(answer).toEqual({
      data: {
        bikes: [
          { part: { name: 'gear', wear: 3 }, effort: 20, extras: [{ tone: 'C' }, {}], load: 9 },
          { part: { name: 'chain' }, effort: 110, extras: [], load: 0 },
        ],
      },
    });
  });

  test('the client has the names of required fields as aliases, type by type', async () => {
    const { answer } = await ask(
      '{ bikes { part { ... on Gear { teeth: id } ... on Chain { links: id } } effort } }',
    );
    expect(answer).toEqual({
      data: {
        bikes: [
          { part: { teeth: 'p1' }, effort: 20 },
          { part: { links: 'p2' }, effort: 110 },
        ],
      },
    });
  });

  test('below an entity that the requiring subgraph returns', async () => {
    const { answer } = await ask('{ bikes { twin { effort part { id } } } }');
    expect(answer).toEqual({
      data: {
        bikes: [{ twin: { effort: 110, part: { id: 'p2' } } }, { twin: { effort: 20, part: { id: 'p1' } } }],
      },
    });
  });
});

/** Interfaces that lead to themselves through entities: each step is a fetch of its own, and the chain ends at null. */
describe.each(enginesUnderTest)('conformance: circular references of an interface (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    trails: {
      sdl: `${federation2}
        type Query { spot: Spot }
        interface Spot { near: [Spot!]! }
        type Lake implements Spot @key(fields: "id") { id: ID! near: [Spot!]! }
        type Peak implements Spot @key(fields: "id") { id: ID! near: [Spot!]! }`,
      resolvers: {
        Query: { spot: () => ({ __typename: 'Lake', id: 'l1' }) },
        Lake: { near: () => [{ __typename: 'Peak', id: 'k1' }] },
        Peak: {
          near: () => [
            { __typename: 'Lake', id: 'l2' },
            { __typename: 'Peak', id: 'k2' },
          ],
        },
      },
    },
    survey: {
      sdl: `${federation2}
        type Lake @key(fields: "id") { id: ID! depth: Int! }
        type Peak @key(fields: "id") { id: ID! height: Int! }`,
      resolvers: {
        Lake: { depth: () => 30 },
        Peak: { height: ({ id }: { id: string }) => (id === 'k1' ? 900 : 950) },
      },
    },
  });

  test('three levels with fields of the other subgraph at each', async () => {
    const { answer } = await ask(
      '{ spot { __typename ...S near { ...S near { ...S near { __typename } } } } } fragment S on Spot { ... on Lake { depth } ... on Peak { height } }',
    );
    const last = [{ __typename: 'Lake' }, { __typename: 'Peak' }];
    expect(answer).toEqual({
      data: {
        spot: {
          __typename: 'Lake',
          depth: 30,
          near: [
            {
              height: 900,
              near: [
                { depth: 30, near: [{ __typename: 'Peak' }] },
                { height: 950, near: last },
              ],
            },
          ],
        },
      },
    });
  });

  test('a level of one type only', async () => {
    const { answer } = await ask('{ spot { near { ... on Peak { near { ... on Lake { depth } } } } } }');
    expect(answer).toEqual({ data: { spot: { near: [{ near: [{ depth: 30 }, {}] }] } } });
  });
});
