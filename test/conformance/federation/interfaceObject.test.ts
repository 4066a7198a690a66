import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation directives reference, `@interfaceObject`, and "Entity interfaces": a subgraph may add fields to all types of
 * an entity interface without knowing them. Its answers carry the interface's name as `__typename`; clients must see the
 * concrete type (GraphQL section 4.4), which only the subgraph with the interface can tell.
 */
const media = [
  { __typename: 'Song', id: 'm1', title: 'Up', seconds: 200 },
  { __typename: 'Clip', id: 'm2', title: 'Down', frames: 9000 },
];
const mediumOf = ({ id }: { id: string }) => media.find((medium) => medium.id === id) ?? null;

describe.each(enginesUnderTest)('conformance: @interfaceObject (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    library: {
      sdl: `${federation2}
        type Query { media: [Medium!]! medium(id: ID!): Medium }
        interface Medium @key(fields: "id") { id: ID! title: String! }
        type Song implements Medium @key(fields: "id") { id: ID! title: String! seconds: Int! }
        type Clip implements Medium @key(fields: "id") { id: ID! title: String! frames: Int! }`,
      resolvers: {
        Query: { media: () => media, medium: (_: unknown, reference: { id: string }) => mediumOf(reference) },
        Medium: { __resolveReference: mediumOf },
        Song: { __resolveReference: mediumOf },
        Clip: { __resolveReference: mediumOf },
      },
    },
    opinions: {
      sdl: `${federation2}
        type Query { popular: [Medium!]! review: Review gone: Medium }
        type Medium @key(fields: "id") @interfaceObject {
          id: ID!
          title: String! @external
          stars: Int!
          reviews: [Review!]!
          headline: String! @requires(fields: "title")
        }
        type Review { text: String! about: Medium! }`,
      resolvers: {
        Query: {
          popular: () => [{ id: 'm2' }, { id: 'm1' }],
          review: () => ({ text: 'Nice.', about: { id: 'm2' } }),
          gone: () => ({ id: 'nowhere' }),
        },
        Medium: {
          stars: ({ id }: { id: string }) => (id === 'm1' ? 5 : 3),
          reviews: ({ id }: { id: string }) => [{ text: `Of ${id}.`, about: { id } }],
          headline: ({ title }: { title: string }) => `Listen to ${title}`,
        },
      },
    },
  });

  test('a field of the interface object is answered for every type', async () => {
    const { answer } = await ask('{ media { id stars } }');
    expect(answer).toEqual({
      data: {
        media: [
          { id: 'm1', stars: 5 },
          { id: 'm2', stars: 3 },
        ],
      },
    });
  });

  test('the representation of an interface object names the interface', async () => {
    const { representationsSentTo } = await ask('{ medium(id: "m1") { stars } }');
    expect(representationsSentTo('opinions')).toEqual([{ __typename: 'Medium', id: 'm1' }]);
  });

  test('a field of the interface object in a fragment on one type', async () => {
    const { answer, representationsSentTo } = await ask('{ media { ... on Song { seconds stars } } }');
    expect(answer).toEqual({ data: { media: [{ seconds: 200, stars: 5 }, {}] } });
    expect(representationsSentTo('opinions')).toEqual([{ __typename: 'Medium', id: 'm1' }]);
  });

  test('__typename next to a field of the interface object is the concrete type', async () => {
    const { answer } = await ask('{ media { __typename stars } }');
    expect(answer).toEqual({
      data: {
        media: [
          { __typename: 'Song', stars: 5 },
          { __typename: 'Clip', stars: 3 },
        ],
      },
    });
  });

  test('__typename of what the interface object’s subgraph returns is the concrete type', async () => {
    const { answer } = await ask('{ popular { __typename id stars } }');
    expect(answer).toEqual({
      data: {
        popular: [
          { __typename: 'Clip', id: 'm2', stars: 3 },
          { __typename: 'Song', id: 'm1', stars: 5 },
        ],
      },
    });
  });

  test('an aliased __typename is the concrete type too', async () => {
    const { answer } = await ask('{ review { about { kind: __typename } } }');
    expect(answer).toEqual({ data: { review: { about: { kind: 'Clip' } } } });
  });

  test('a fragment on a type that the returning subgraph does not know', async () => {
    const { answer } = await ask('{ popular { stars ... on Clip { frames } ... on Song { seconds } } }');
    expect(answer).toEqual({
      data: {
        popular: [
          { stars: 3, frames: 9000 },
          { stars: 5, seconds: 200 },
        ],
      },
    });
  });

  test('a field of the interface object inside a fragment on a type, from its own subgraph', async () => {
    const { answer } = await ask('{ popular { ... on Song { stars } } }');
    expect(answer).toEqual({ data: { popular: [{}, { stars: 5 }] } });
  });

  test('fields of the interface object alone, from its own subgraph', async () => {
    const { answer } = await ask('{ popular { id stars } }');
    expect(answer).toEqual({
      data: {
        popular: [
          { id: 'm2', stars: 3 },
          { id: 'm1', stars: 5 },
        ],
      },
    });
  });

  test('a field of the interface comes from the subgraph that has its types', async () => {
    const { answer } = await ask('{ review { text about { title } } }');
    expect(answer).toEqual({ data: { review: { text: 'Nice.', about: { title: 'Down' } } } });
  });

  test('@requires on an interface object', async () => {
    const { answer, representationsSentTo } = await ask('{ popular { headline } }');
    expect(answer).toEqual({
      data: { popular: [{ headline: 'Listen to Down' }, { headline: 'Listen to Up' }] },
    });
    expect(representationsSentTo('opinions')).toEqual([
      { __typename: 'Medium', id: 'm2', title: 'Down' },
      { __typename: 'Medium', id: 'm1', title: 'Up' },
    ]);
  });

  test('@requires on an interface object, from one of the types', async () => {
    const { answer } = await ask('{ media { ... on Clip { headline } } }');
    expect(answer).toEqual({ data: { media: [{}, { headline: 'Listen to Down' }] } });
  });

  test('from the types to the interface object and back', async () => {
    const { answer } = await ask(
      '{ medium(id: "m2") { reviews { text about { __typename title ... on Clip { frames } } } } }',
    );
    expect(answer).toEqual({
      data: {
        medium: { reviews: [{ text: 'Of m2.', about: { __typename: 'Clip', title: 'Down', frames: 9000 } }] },
      },
    });
  });

  test('an interface object of which the owner knows nothing is null, as its type cannot be told', async () => {
    const { answer } = await ask('{ gone { __typename id } }');
    expect(answer.data).toEqual({ gone: null });
  });
});

/** The subgraph that returns the interface object is neither the one with the types nor the one with the field. */
describe.each(enginesUnderTest)('conformance: @interfaceObject through a third subgraph (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    library: {
      sdl: `${federation2}
        interface Medium @key(fields: "id") { id: ID! title: String! }
        type Song implements Medium @key(fields: "id") { id: ID! title: String! seconds: Int! }
        type Clip implements Medium @key(fields: "id") { id: ID! title: String! frames: Int! }
        type Query { first: Medium }`,
      resolvers: {
        Query: { first: () => media[0] },
        Medium: { __resolveReference: mediumOf },
        Song: { __resolveReference: mediumOf },
        Clip: { __resolveReference: mediumOf },
      },
    },
    credits: {
      sdl: `${federation2}
        type Medium @key(fields: "id") @interfaceObject { id: ID! credit: String! }`,
      resolvers: { Medium: { credit: ({ id }: { id: string }) => `credit of ${id}` } },
    },
    lists: {
      sdl: `${federation2}
        type Query { list: List }
        type List { name: String! media: [Medium!]! }
        type Medium @key(fields: "id", resolvable: false) @interfaceObject { id: ID! }`,
      resolvers: { Query: { list: () => ({ name: 'mix', media: [{ id: 'm1' }, { id: 'm2' }] }) } },
    },
  });

  test('a field of the second through the third', async () => {
    const { answer } = await ask('{ list { name media { id credit } } }');
    expect(answer).toEqual({
      data: {
        list: {
          name: 'mix',
          media: [
            { id: 'm1', credit: 'credit of m1' },
            { id: 'm2', credit: 'credit of m2' },
          ],
        },
      },
    });
  });

  test('fields of one type only, of the first and the second', async () => {
    const { answer } = await ask('{ list { media { id ... on Song { seconds credit } } } }');
    expect(answer).toEqual({
      data: { list: { media: [{ id: 'm1', seconds: 200, credit: 'credit of m1' }, { id: 'm2' }] } },
    });
  });

  test('__typename of a non-resolvable interface object is the concrete type', async () => {
    const { answer } = await ask('{ list { media { __typename } } }');
    expect(answer).toEqual({ data: { list: { media: [{ __typename: 'Song' }, { __typename: 'Clip' }] } } });
  });

  test('all three subgraphs below two root fields', async () => {
    const { answer } = await ask(
      '{ first { title ... on Song { credit } } list { media { title credit ... on Clip { frames } } } }',
    );
    expect(answer).toEqual({
      data: {
        first: { title: 'Up', credit: 'credit of m1' },
        list: {
          media: [
            { title: 'Up', credit: 'credit of m1' },
            { title: 'Down', credit: 'credit of m2', frames: 9000 },
          ],
        },
      },
    });
  });
});
