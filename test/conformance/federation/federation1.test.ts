import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation 1 subgraphs have no `@link`. They extend entities of an origin with `extend type` or `@extends`, mark the
 * key fields that they repeat as `@external`, and share value types without saying so (Federation 2 docs, "Backward
 * compatibility": they compose as they are, and a mark on key fields does not keep the subgraph from answering them).
 */
describe.each(enginesUnderTest)('conformance: Federation 1 subgraphs (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    recipes: {
      sdl: `
        type Query { recipes: [Recipe!]! }
        type Recipe @key(fields: "slug") @key(fields: "number") { slug: ID! number: Int! title: String! yield: Amount! }
        type Amount { value: Int! unit: String }`,
      resolvers: {
        Query: {
          recipes: () => [
            { slug: 'soup', number: 1 },
            { slug: 'bread', number: 2 },
          ],
        },
        Recipe: {
          __resolveReference: ({ slug, number }: { slug?: string; number?: number }) =>
            slug === 'soup' || number === 1 ? { slug: 'soup', number: 1 } : { slug: 'bread', number: 2 },
          title: ({ slug }: { slug: string }) => `How to make ${slug}`,
          yield: ({ number }: { number: number }) => ({ value: number * 2, unit: 'portions' }),
        },
      },
    },
    votes: {
      sdl: `
        extend type Query { favourite: Recipe }
        extend type Recipe @key(fields: "slug") {
          slug: ID! @external
          title: String! @external
          votes: Int!
          slogan: String! @requires(fields: "title")
        }`,
      resolvers: {
        Query: { favourite: () => ({ slug: 'bread' }) },
        Recipe: {
          votes: ({ slug }: { slug: string }) => slug.length,
          slogan: ({ title }: { title: string }) => `${title}!`,
        },
      },
    },
    photos: {
      sdl: `
        type Query @extends { cover: Photo featured: [Photo!]! }
        type Recipe @extends @key(fields: "number") {
          number: Int! @external
          title: String! @external
          photos: [Photo!]!
        }
        type Photo @key(fields: "file") {
          file: String!
          size: Amount!
          recipe: Recipe @provides(fields: "title")
        }
        type Amount { value: Int! unit: String }`,
      resolvers: {
        Query: { cover: () => ({ file: 'a.png' }), featured: () => [{ file: 'a.png' }, { file: 'b.png' }] },
        Recipe: { photos: ({ number }: { number: number }) => [{ file: `${number}.png` }] },
        Photo: {
          size: () => ({ value: 640, unit: null }),
          recipe: ({ file }: { file: string }) =>
            file === 'a.png' ? { number: 1, title: 'Provided title' } : null,
        },
      },
    },
    cellar: {
      sdl: `${federation2}
        type Recipe @key(fields: "slug") { slug: ID! wine: String yield: Amount! @external strong: Boolean @requires(fields: "yield { value }") }
        type Amount @shareable { value: Int! unit: String }`,
      resolvers: {
        Recipe: {
          wine: ({ slug }: { slug: string }) => (slug === 'soup' ? 'Riesling' : null),
          strong: ({ yield: amount }: { yield: { value: number } }) => amount.value > 2,
        },
      },
    },
  });

  test('`extend type` adds a field to an entity of the origin', async () => {
    const { answer } = await ask('{ recipes { title votes } }');
    expect(answer).toEqual({
      data: {
        recipes: [
          { title: 'How to make soup', votes: 4 },
          { title: 'How to make bread', votes: 5 },
        ],
      },
    });
  });

  test('a root field of an extension leads back to the origin', async () => {
    const { answer, asked } = await ask('{ favourite { slug title } }');
    expect(answer).toEqual({ data: { favourite: { slug: 'bread', title: 'How to make bread' } } });
    expect(asked).toEqual(['recipes', 'votes']);
  });

  test('an external key field is answered by the extension itself', async () => {
    const { answer, asked } = await ask('{ favourite { slug votes } }');
    expect(answer).toEqual({ data: { favourite: { slug: 'bread', votes: 5 } } });
    expect(asked).toEqual(['votes']);
  });

  test('`@requires` of an extension', async () => {
    const { answer } = await ask('{ favourite { slogan } recipes { slogan } }');
    expect(answer).toEqual({
      data: {
        favourite: { slogan: 'How to make bread!' },
        recipes: [{ slogan: 'How to make soup!' }, { slogan: 'How to make bread!' }],
      },
    });
  });

  test('`@extends` with another key of the entity', async () => {
    const { answer } = await ask('{ recipes { photos { file } } }');
    expect(answer).toEqual({
      data: { recipes: [{ photos: [{ file: '1.png' }] }, { photos: [{ file: '2.png' }] }] },
    });
  });

  test('two extensions with different keys meet through the origin', async () => {
    const { answer, asked } = await ask('{ favourite { photos { file } } }');
    expect(answer).toEqual({ data: { favourite: { photos: [{ file: '2.png' }] } } });
    expect(asked).toEqual(['photos', 'recipes', 'votes']);
  });

  test('`@provides` of an extension', async () => {
    const { answer, asked } = await ask('{ featured { recipe { number title } } }');
    expect(answer).toEqual({
      data: { featured: [{ recipe: { number: 1, title: 'Provided title' } }, { recipe: null }] },
    });
    expect(asked).toEqual(['photos']);
  });

  test('a value type of two subgraphs is answered by each', async () => {
    const { answer } = await ask('{ cover { size { value unit } } recipes { yield { value unit } } }');
    expect(answer).toEqual({
      data: {
        cover: { size: { value: 640, unit: null } },
        recipes: [{ yield: { value: 2, unit: 'portions' } }, { yield: { value: 4, unit: 'portions' } }],
      },
    });
  });

  test('a Federation 2 subgraph extends an entity of a Federation 1 origin', async () => {
    const { answer } = await ask('{ recipes { wine strong } favourite { wine } }');
    expect(answer).toEqual({
      data: {
        recipes: [
          { wine: 'Riesling', strong: false },
          { wine: null, strong: true },
        ],
        favourite: { wine: null },
      },
    });
  });
});

/** `@external` has no effect on a field that is a key, and one that nothing uses is not resolvable there. */
describe.each(enginesUnderTest)('conformance: external fields in Federation 2 (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    tickets: {
      sdl: `${federation2}
        type Query { ticket: Ticket best: Ticket @provides(fields: "holder") }
        type Ticket @key(fields: "id") { id: ID! holder: String @external seat: String! }`,
      resolvers: {
        Query: {
          ticket: () => ({ id: 't1', seat: '4B' }),
          best: () => ({ id: 't1', seat: '4B', holder: 'Provided' }),
        },
      },
    },
    people: {
      sdl: `${federation2}
        extend type Ticket @key(fields: "id") { id: ID! @external holder: String @shareable }
        type Query { mine: Ticket }`,
      resolvers: { Query: { mine: () => ({ id: 't1' }) }, Ticket: { holder: () => 'Owned' } },
    },
  });

  test('the external field is only answered where it is provided', async () => {
    const { answer, fieldsAskedOf } = await ask('{ ticket { holder } }');
    expect(answer).toEqual({ data: { ticket: { holder: 'Owned' } } });
    expect(fieldsAskedOf('tickets')).toEqual(['id', 'ticket']);
  });

  test('where it is provided, it is answered in the one request', async () => {
    const { answer, asked } = await ask('{ best { holder seat } }');
    expect(answer).toEqual({ data: { best: { holder: 'Provided', seat: '4B' } } });
    expect(asked).toEqual(['tickets']);
  });

  test('an extension with an external key answers the key, and leads to the other subgraph', async () => {
    const { answer } = await ask('{ mine { id holder seat } }');
    // `seat` has no resolver for a reference, and is non-null
    expect(answer.data).toEqual({ mine: null });
  });
});
