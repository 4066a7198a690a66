import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * GraphQL section 6.3.2 (CollectFields, MergeSelectionSets): selections with one response key are one field, whose
 * selection sets are merged, wherever fragments bring them from; keys come in the order of their first selection.
 */
describe.each(enginesUnderTest)('conformance: fragments and merged fields (%s)', (engine) => {
  const birds = [
    { __typename: 'Owl', id: 'b1', nest: { height: 9, owner: { id: 'r1' } } },
    { __typename: 'Duck', id: 'b2', nest: null },
  ];
  const { ask, test } = federatedGraph(engine, {
    park: {
      sdl: `${federation2}
        type Query { birds: [Bird!]! bird: Bird ranger: Ranger }
        interface Bird { id: ID! nest: Nest }
        type Owl implements Bird @key(fields: "id") { id: ID! nest: Nest night: Boolean! }
        type Duck implements Bird @key(fields: "id") { id: ID! nest: Nest swims: Boolean! }
        type Nest { height: Int! owner: Ranger }
        type Ranger @key(fields: "id") { id: ID! birds: [Bird!]! }`,
      resolvers: {
        Query: { birds: () => birds, bird: () => birds[0], ranger: () => ({ id: 'r1' }) },
        Owl: { night: () => true },
        Duck: { swims: () => true },
        Ranger: { birds: () => birds },
      },
    },
    science: {
      sdl: `${federation2}
        interface Measured { grams: Int! }
        type Owl implements Measured @key(fields: "id") { id: ID! grams: Int! eyes(side: String = "left"): String! }
        type Duck implements Measured @key(fields: "id") { id: ID! grams: Int! }
        type Ranger @key(fields: "id") { id: ID! name: String! boss: Ranger }`,
      resolvers: {
        Owl: { grams: () => 700, eyes: (_: unknown, { side }: { side: string }) => `${side} eye` },
        Duck: { grams: () => 1100 },
        Ranger: {
          name: ({ id }: { id: string }) => `ranger ${id}`,
          boss: ({ id }: { id: string }) => (id === 'r1' ? { id: 'r2' } : null),
        },
      },
    },
  });

  test('a named fragment on an entity, with fields of two subgraphs', async () => {
    const { answer } = await ask('{ ranger { ...Who } } fragment Who on Ranger { id name birds { id } }');
    expect(answer).toEqual({
      data: { ranger: { id: 'r1', name: 'ranger r1', birds: [{ id: 'b1' }, { id: 'b2' }] } },
    });
  });

  test('fragments in fragments, across subgraphs and back', async () => {
    const { answer } = await ask(
      `{ bird { ...A } }
      fragment A on Bird { nest { ...B } ... on Owl { grams } }
      fragment B on Nest { height owner { ...C } }
      fragment C on Ranger { name boss { ...D birds { ...E } } }
      fragment D on Ranger { name }
      fragment E on Measured { grams }`,
    );
    expect(answer).toEqual({
      data: {
        bird: {
          nest: {
            height: 9,
            owner: {
              name: 'ranger r1',
              boss: { name: 'ranger r2', birds: [{ grams: 700 }, { grams: 1100 }] },
            },
          },
          grams: 700,
        },
      },
    });
  });

  test('one fragment spread at several places', async () => {
    const { answer } = await ask(
      '{ ranger { ...N boss { ...N boss { ...N } } } bird { nest { owner { ...N } } } } fragment N on Ranger { id name }',
    );
    const first = { id: 'r1', name: 'ranger r1' };
    expect(answer).toEqual({
      data: {
        ranger: { ...first, boss: { id: 'r2', name: 'ranger r2', boss: null } },
        bird: { nest: { owner: first } },
      },
    });
  });

  test('overlapping fragments on an interface and its types', async () => {
    const { answer } = await ask(
      '{ birds { ... on Bird { id nest { height } } ... on Owl { id night nest { owner { id } } } ... on Duck { swims nest { height } } ... on Measured { grams } } }',
    );
    expect(answer).toEqual({
      data: {
        birds: [
          { id: 'b1', nest: { height: 9, owner: { id: 'r1' } }, night: true, grams: 700 },
          { id: 'b2', nest: null, swims: true, grams: 1100 },
        ],
      },
    });
  });

  test('a field selected many times is one field with all its selections', async () => {
    const { answer } = await ask(
      '{ ranger { id } ranger { name boss { id } } ... { ranger { boss { name } } } ...R } fragment R on Query { ranger { birds { id } birds { __typename } } }',
    );
    expect(answer).toEqual({
      data: {
        ranger: {
          id: 'r1',
          name: 'ranger r1',
          boss: { id: 'r2', name: 'ranger r2' },
          birds: [
            { id: 'b1', __typename: 'Owl' },
            { id: 'b2', __typename: 'Duck' },
          ],
        },
      },
    });
  });

  test('merged fields are fetched once', async () => {
    const { asked } = await ask('{ ranger { name } ... { ranger { name boss { name } } } }');
    expect(asked.filter((subgraph) => subgraph === 'park')).toEqual(['park']);
  });

  test('one response key means other fields on types that exclude each other', async () => {
    const { answer } = await ask('{ birds { ... on Owl { can: night } ... on Duck { can: swims } } }');
    expect(answer).toEqual({ data: { birds: [{ can: true }, { can: true }] } });
  });

  test('one response key of two types is refused, even where the types exclude each other', async () => {
    // section 5.3.2, SameResponseShape
    const { answer } = await ask('{ birds { ... on Owl { x: grams } ... on Duck { x: id } } }');
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  test('the keys of the answer come in the order of the document', async () => {
    const { text } = await ask(
      '{ ranger { name id boss { name } birds { ... on Measured { grams } id } } bird { __typename id ... on Owl { grams night } } }',
    );
    expect(text.trim()).toBe(
      '{"data":{"ranger":{"name":"ranger r1","id":"r1","boss":{"name":"ranger r2"},"birds":[{"grams":700,"id":"b1"},{"grams":1100,"id":"b2"}]},"bird":{"__typename":"Owl","id":"b1","grams":700,"night":true}}}',
    );
  });

  test('an operation of several is chosen by its name, with its own fragments', async () => {
    const { answer } = await ask(
      'query One { bird { id } } query Two { ranger { ...N } } fragment N on Ranger { name } query Three { birds { id } }',
      { operationName: 'Two' },
    );
    expect(answer).toEqual({ data: { ranger: { name: 'ranger r1' } } });
  });
});

/** GraphQL section 4.2: introspection is of the API schema, and may stand next to data. */
describe.each(enginesUnderTest)('conformance: introspection (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    ponds: {
      sdl: `${federation2}
        type Query { pond: Pond }
        type Pond @key(fields: "id") { id: ID! area: Int! }`,
      resolvers: { Query: { pond: () => ({ id: 'p1', area: 4 }) } },
    },
    fish: {
      sdl: `${federation2}
        type Pond @key(fields: "id") { id: ID! fish: [String!]! }`,
      resolvers: { Pond: { fish: () => ['carp'] } },
    },
  });

  test('alone, it asks no subgraph', async () => {
    const { answer, asked } = await ask('{ __schema { queryType { name fields { name } } } }');
    expect(answer).toEqual({
      data: { __schema: { queryType: { name: 'Query', fields: [{ name: 'pond' }] } } },
    });
    expect(asked).toEqual([]);
  });

  test('the query type has no field of federation', async () => {
    const { answer } = await ask('{ __type(name: "Query") { kind fields { name type { name } } } }');
    expect(answer).toEqual({
      data: { __type: { kind: 'OBJECT', fields: [{ name: 'pond', type: { name: 'Pond' } }] } },
    });
  });

  for (const name of ['_Any', '_Entity', '_Service', 'join__Graph', 'link__Import']) {
    test(`${name} is not a type of clients`, async () => {
      const { answer } = await ask('query T($name: String!) { __type(name: $name) { name } }', {
        variables: { name },
      });
      expect(answer).toEqual({ data: { __type: null } });
    });
  }

  test('next to data of two subgraphs', async () => {
    const { answer } = await ask(
      '{ __typename kind: __type(name: "Pond") { name } pond { area fish } __schema { mutationType { name } } }',
    );
    expect(answer).toEqual({
      data: {
        __typename: 'Query',
        kind: { name: 'Pond' },
        pond: { area: 4, fish: ['carp'] },
        __schema: { mutationType: null },
      },
    });
  });

  test('in a fragment, under a condition', async () => {
    const document =
      'query T($on: Boolean!) { pond { id } ...S @include(if: $on) } fragment S on Query { s: __schema { queryType { name } } }';
    const { answer: off } = await ask(document, { variables: { on: false } });
    const { answer: on } = await ask(document, { variables: { on: true } });
    expect([off, on]).toEqual([
      { data: { pond: { id: 'p1' } } },
      { data: { pond: { id: 'p1' }, s: { queryType: { name: 'Query' } } } },
    ]);
  });
});
