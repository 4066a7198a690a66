import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * GraphQL section 6.3.2 (CollectFields) and 5.5.2.3: a fragment on an interface, a union or an object type holds for the
 * values whose concrete type it includes. Composition merges the members that subgraphs know, so that a fragment may name
 * a type or an interface that the subgraph that is asked does not know.
 */
const exhibits = [
  { __typename: 'Statue', id: 'e1' },
  { __typename: 'Canvas', id: 'e2' },
  { __typename: 'Statue', id: 'e3' },
];

describe.each(enginesUnderTest)('conformance: abstract types across subgraphs (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    halls: {
      sdl: `${federation2}
        type Query { exhibits: [Exhibit!]! pieces: [Piece!]! hall: Hall entrance: Exhibit }
        interface Exhibit { id: ID! }
        union Piece = Statue | Canvas | Chair
        type Statue implements Exhibit @key(fields: "id") { id: ID! hall: Hall! }
        type Canvas implements Exhibit @key(fields: "id") { id: ID! }
        type Chair { legs: Int! }
        type Hall { name: String! best: Exhibit all: [[Exhibit]] }`,
      resolvers: {
        Query: {
          exhibits: () => exhibits,
          pieces: () => [...exhibits, { __typename: 'Chair', legs: 3 }],
          entrance: () => null,
          hall: () => ({
            name: 'Rotunda',
            best: exhibits[1],
            all: [[exhibits[0], null], [], null, [exhibits[1]]],
          }),
        },
        Statue: { hall: () => ({ name: 'Nave', best: exhibits[0] }) },
      },
    },
    archive: {
      sdl: `${federation2}
        type Query { newest: Dated }
        interface Dated { year: Int! }
        interface Weighed implements Dated { year: Int! kilos: Int! }
        type Statue implements Dated & Weighed @key(fields: "id") { id: ID! year: Int! kilos: Int! maker: Maker! }
        type Canvas implements Dated @key(fields: "id") { id: ID! year: Int! maker: Maker! }
        union Maker = Person | Workshop
        type Person { name: String! }
        type Workshop { name: String people: [Person!]! }`,
      resolvers: {
        Query: { newest: () => ({ __typename: 'Canvas', id: 'e2' }) },
        Statue: {
          year: () => 1500,
          kilos: ({ id }: { id: string }) => (id === 'e1' ? 700 : 50),
          maker: () => ({ __typename: 'Person', name: 'Donna' }),
        },
        Canvas: {
          year: () => 1650,
          maker: () => ({ __typename: 'Workshop', name: null, people: [{ name: 'Lou' }, { name: 'Max' }] }),
        },
      },
    },
  });

  test('a fragment on an interface that the first subgraph does not know', async () => {
    const { answer } = await ask('{ exhibits { id ... on Dated { year } } }');
    expect(answer).toEqual({
      data: {
        exhibits: [
          { id: 'e1', year: 1500 },
          { id: 'e2', year: 1650 },
          { id: 'e3', year: 1500 },
        ],
      },
    });
  });

  test('an interface that only some of the types implement', async () => {
    const { answer } = await ask('{ exhibits { ... on Weighed { year kilos } } }');
    expect(answer).toEqual({
      data: { exhibits: [{ year: 1500, kilos: 700 }, {}, { year: 1500, kilos: 50 }] },
    });
  });

  test('interfaces within interfaces', async () => {
    const { answer } = await ask(
      '{ exhibits { ... on Dated { ... on Exhibit { id ... on Weighed { kilos ... on Statue { year } } } } } }',
    );
    expect(answer).toEqual({
      data: {
        exhibits: [{ id: 'e1', kilos: 700, year: 1500 }, { id: 'e2' }, { id: 'e3', kilos: 50, year: 1500 }],
      },
    });
  });

  test('a union whose members have fields in other subgraphs', async () => {
    const { answer } = await ask(
      '{ pieces { __typename ... on Statue { kilos } ... on Canvas { year } ... on Chair { legs } } }',
    );
    expect(answer).toEqual({
      data: {
        pieces: [
          { __typename: 'Statue', kilos: 700 },
          { __typename: 'Canvas', year: 1650 },
          { __typename: 'Statue', kilos: 50 },
          { __typename: 'Chair', legs: 3 },
        ],
      },
    });
  });

  test('a fragment on an interface in a union', async () => {
    const { answer } = await ask('{ pieces { ... on Exhibit { id } ... on Weighed { kilos } } }');
    expect(answer).toEqual({
      data: { pieces: [{ id: 'e1', kilos: 700 }, { id: 'e2' }, { id: 'e3', kilos: 50 }, {}] },
    });
  });

  test('only the types that have the fields are asked for', async () => {
    const { representationsSentTo } = await ask('{ pieces { ... on Canvas { year } } }');
    expect(representationsSentTo('archive')).toEqual([{ __typename: 'Canvas', id: 'e2' }]);
  });

  test('a union below an entity of another subgraph', async () => {
    const { answer } = await ask(
      `{ exhibits { ... on Statue { maker { ...Who } } ... on Canvas { maker { ...Who } } } }
      fragment Who on Maker { __typename ... on Person { name } ... on Workshop { title: name people { name } } }`,
    );
    const person = { __typename: 'Person', name: 'Donna' };
    expect(answer).toEqual({
      data: {
        exhibits: [
          { maker: person },
          { maker: { __typename: 'Workshop', title: null, people: [{ name: 'Lou' }, { name: 'Max' }] } },
          { maker: person },
        ],
      },
    });
  });

  test('entities below an object of one of the types', async () => {
    const { answer } = await ask(
      '{ exhibits { ... on Statue { hall { name best { ... on Weighed { kilos } } } } } }',
    );
    const hall = { name: 'Nave', best: { kilos: 700 } };
    expect(answer).toEqual({ data: { exhibits: [{ hall }, {}, { hall }] } });
  });

  test('lists of lists keep nulls and empty lists', async () => {
    const { answer } = await ask('{ hall { all { ... on Dated { year } } } }');
    expect(answer).toEqual({ data: { hall: { all: [[{ year: 1500 }, null], [], null, [{ year: 1650 }]] } } });
  });

  test('a null of an abstract type is null', async () => {
    const { answer, asked } = await ask('{ entrance { id ... on Dated { year } } }');
    expect(answer).toEqual({ data: { entrance: null } });
    expect(asked).toEqual(['halls']);
  });

  test('an interface that starts in the second subgraph', async () => {
    const { answer, asked } = await ask(
      '{ newest { year ... on Exhibit { id } ... on Statue { hall { name } } } }',
    );
    expect(answer).toEqual({ data: { newest: { year: 1650, id: 'e2' } } });
    expect(asked).toEqual(['archive']);
  });

  test('a fragment whose types do not meet the value leaves an empty object', async () => {
    const { answer, asked } = await ask('{ newest { ... on Statue { kilos } } }');
    expect(answer).toEqual({ data: { newest: {} } });
    expect(asked).toEqual(['archive']);
  });
});

/** GraphQL section 4.4: `__typename` is the name of the concrete object type, in the API schema of the clients. */
describe.each(enginesUnderTest)('conformance: __typename alone (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    halls: {
      sdl: `${federation2}
        type Query { exhibits: [Exhibit!]! best: Piece hall: Hall }
        type Mutation { open: Hall }
        interface Exhibit { id: ID! }
        union Piece = Statue | Canvas
        type Statue implements Exhibit @key(fields: "id") { id: ID! }
        type Canvas implements Exhibit @key(fields: "id") { id: ID! }
        type Hall { name: String! }`,
      resolvers: {
        Query: { exhibits: () => exhibits, best: () => exhibits[1], hall: () => ({ name: 'Nave' }) },
        Mutation: { open: () => ({ name: 'Nave' }) },
      },
    },
    archive: {
      sdl: `${federation2}
        type Query { years: [Int!]! }
        type Statue @key(fields: "id") { id: ID! year: Int! }`,
      resolvers: { Query: { years: () => [1500] }, Statue: { year: () => 1500 } },
    },
  });

  test('of the query root, without any subgraph', async () => {
    const { answer, asked } = await ask('{ __typename }');
    expect(answer).toEqual({ data: { __typename: 'Query' } });
    expect(asked).toEqual([]);
  });

  test('of the mutation root, without any subgraph', async () => {
    const { answer, asked } = await ask('mutation { __typename }');
    expect(answer).toEqual({ data: { __typename: 'Mutation' } });
    expect(asked).toEqual([]);
  });

  test('of the query root, in aliases and fragments, between data', async () => {
    const { answer } = await ask(
      '{ a: __typename years ... on Query { b: __typename hall { __typename } } }',
    );
    expect(answer).toEqual({ data: { a: 'Query', years: [1500], b: 'Query', hall: { __typename: 'Hall' } } });
  });

  test('of an interface', async () => {
    const { answer } = await ask('{ exhibits { __typename } }');
    expect(answer).toEqual({
      data: { exhibits: [{ __typename: 'Statue' }, { __typename: 'Canvas' }, { __typename: 'Statue' }] },
    });
  });

  test('of a union, under aliases, in fragments', async () => {
    const { answer } = await ask(
      '{ best { __typename kind: __typename ... on Canvas { is: __typename } ... on Statue { isnt: __typename } } }',
    );
    expect(answer).toEqual({ data: { best: { __typename: 'Canvas', kind: 'Canvas', is: 'Canvas' } } });
  });

  test('of an entity around fields of another subgraph', async () => {
    const { answer } = await ask('{ exhibits { k: __typename ... on Statue { year t: __typename } } }');
    expect(answer).toEqual({
      data: {
        exhibits: [
          { k: 'Statue', year: 1500, t: 'Statue' },
          { k: 'Canvas' },
          { k: 'Statue', year: 1500, t: 'Statue' },
        ],
      },
    });
  });
});
