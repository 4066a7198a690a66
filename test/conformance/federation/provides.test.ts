import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation directives reference, `@provides`: at the path of the field that carries it, its subgraph resolves the
 * listed fields itself, and no request to the subgraph that owns them is needed. What is not asked for is not provided:
 * fields of `missing…` throw, which makes asking for them visible.
 */
const missing = () => {
  throw new Error('asked for without need');
};

describe.each(enginesUnderTest)('conformance: @provides (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    concerts: {
      sdl: `${federation2}
        type Query {
          concert: Concert
          season: [Concert!]! @provides(fields: "hall { name city { name } }")
          opening: Concert @provides(fields: "hall { seats }")
        }
        type Concert @key(fields: "id") {
          id: ID!
          hall: Hall @shareable
        }
        type Hall @key(fields: "id") {
          id: ID!
          name: String! @external
          seats: Int @external
          city: City! @external
        }
        type City @key(fields: "id") { id: ID! name: String! @external }`,
      resolvers: {
        Query: {
          concert: () => ({ id: 'c1', hall: { id: 'h1' } }),
          season: () => [
            {
              id: 'c1',
              hall: { id: 'h1', name: 'Provided hall', seats: 1, city: { id: 'x1', name: 'Provided city' } },
            },
            { id: 'c2', hall: null },
          ],
          opening: () => ({ id: 'c1', hall: { id: 'h1', seats: null } }),
        },
        Hall: { name: ({ name }: { name?: string }) => name ?? missing() },
      },
    },
    places: {
      sdl: `${federation2}
        type Hall @key(fields: "id") {
          id: ID!
          name: String! @shareable
          seats: Int @shareable
          built: Int!
          city: City! @shareable
        }
        type City @key(fields: "id") { id: ID! name: String! @shareable mayor: String! }`,
      resolvers: {
        Hall: {
          name: () => 'Owned hall',
          seats: () => 900,
          built: () => 1891,
          city: () => ({ id: 'x1' }),
        },
        City: { name: () => 'Owned city', mayor: () => 'Wu' },
      },
    },
  });

  test('provided fields come from the subgraph that provides them, in one request', async () => {
    const { answer, asked } = await ask('{ season { id hall { name } } }');
    expect(answer).toEqual({
      data: {
        season: [
          { id: 'c1', hall: { name: 'Provided hall' } },
          { id: 'c2', hall: null },
        ],
      },
    });
    expect(asked).toEqual(['concerts']);
  });

  test('fields provided two levels deep come in one request', async () => {
    const { answer, asked } = await ask('{ season { hall { name city { name } } } }');
    expect(answer).toEqual({
      data: {
        season: [{ hall: { name: 'Provided hall', city: { name: 'Provided city' } } }, { hall: null }],
      },
    });
    expect(asked).toEqual(['concerts']);
  });

  test('the same field is not provided at another path', async () => {
    const { answer, asked, fieldsAskedOf } = await ask('{ concert { hall { name } } }');
    expect(answer).toEqual({ data: { concert: { hall: { name: 'Owned hall' } } } });
    expect(asked).toEqual(['concerts', 'places']);
    expect(fieldsAskedOf('concerts')).not.toContain('name');
  });

  test('a field that is not listed comes from its owner', async () => {
    const { answer } = await ask('{ season { hall { name built } } }');
    expect(answer).toEqual({
      data: { season: [{ hall: { name: 'Provided hall', built: 1891 } }, { hall: null }] },
    });
  });

  test('a field of a provided nested object that is not listed comes from its owner', async () => {
    const { answer } = await ask('{ season { hall { city { name mayor } } } }');
    expect(answer).toEqual({
      data: { season: [{ hall: { city: { name: 'Provided city', mayor: 'Wu' } } }, { hall: null }] },
    });
  });

  test('a provided null is an answer, and the owner is not asked', async () => {
    const { answer, asked } = await ask('{ opening { hall { seats } } }');
    expect(answer).toEqual({ data: { opening: { hall: { seats: null } } } });
    expect(asked).toEqual(['concerts']);
  });

  test('a provided field that the client did not select is not asked for', async () => {
    const { answer, fieldsAskedOf } = await ask('{ opening { id hall { id } } }');
    expect(answer).toEqual({ data: { opening: { id: 'c1', hall: { id: 'h1' } } } });
    expect(fieldsAskedOf('concerts')).toEqual(['hall', 'id', 'opening']);
  });

  test('provided fields keep their aliases and fragments', async () => {
    const { answer, asked } = await ask(
      '{ season { hall { ... on Hall { title: name } ... { where: city { ...Named } } } } } fragment Named on City { called: name }',
    );
    expect(answer).toEqual({
      data: {
        season: [{ hall: { title: 'Provided hall', where: { called: 'Provided city' } } }, { hall: null }],
      },
    });
    expect(asked).toEqual(['concerts']);
  });

  test('a skipped provided field is not asked for', async () => {
    const { answer, fieldsAskedOf } = await ask(
      '{ season { hall { id ... on Hall @skip(if: true) { name } seats @include(if: false) } } }',
    );
    expect(answer).toEqual({ data: { season: [{ hall: { id: 'h1' } }, { hall: null }] } });
    expect(fieldsAskedOf('concerts')).toEqual(['hall', 'id', 'season']);
  });
});

/** The selection set of `@provides` may have fragments on the members of a union, or on the types of an interface. */
describe.each(enginesUnderTest)('conformance: @provides on abstract types (%s)', (engine) => {
  const works = [
    { __typename: 'Film', id: 'f1', title: 'Provided film', cast: [{ id: 'a1', name: 'Provided actor' }] },
    { __typename: 'Novel', id: 'n1', title: 'Provided novel' },
  ];
  const { ask, test } = federatedGraph(engine, {
    shelf: {
      sdl: `${federation2}
        type Query {
          works: [Work!]! @provides(fields: "... on Film { title cast { name } }")
          plainWorks: [Work!]!
          titled: [Titled!]! @provides(fields: "... on Film { title cast { name } } ... on Novel { title }")
          plainTitled: [Titled!]!
        }
        union Work = Film | Novel
        interface Titled { id: ID! title: String! }
        type Film implements Titled @key(fields: "id") { id: ID! title: String! @external cast: [Actor!]! @external }
        type Novel implements Titled @key(fields: "id") { id: ID! title: String! @external }
        type Actor @key(fields: "id") { id: ID! name: String! @external }`,
      resolvers: {
        Query: {
          works: () => works,
          titled: () => works,
          plainWorks: () => works.map(({ __typename, id }) => ({ __typename, id })),
          plainTitled: () => works.map(({ __typename, id }) => ({ __typename, id })),
        },
      },
    },
    catalogue: {
      sdl: `${federation2}
        type Film @key(fields: "id") { id: ID! title: String! @shareable cast: [Actor!]! @shareable year: Int! }
        type Novel @key(fields: "id") { id: ID! title: String! @shareable pages: Int! }
        type Actor @key(fields: "id") { id: ID! name: String! @shareable born: Int! }`,
      resolvers: {
        Film: { title: () => 'Owned film', cast: () => [{ id: 'a1' }], year: () => 1927 },
        Novel: { title: () => 'Owned novel', pages: () => 300 },
        Actor: { name: () => 'Owned actor', born: () => 1900 },
      },
    },
  });

  test('on a union, a member is provided with a list below it, in one request', async () => {
    const { answer, asked } = await ask('{ works { __typename ... on Film { title cast { name } } } }');
    expect(answer).toEqual({
      data: {
        works: [
          { __typename: 'Film', title: 'Provided film', cast: [{ name: 'Provided actor' }] },
          { __typename: 'Novel' },
        ],
      },
    });
    expect(asked).toEqual(['shelf']);
  });

  test('on a union, the member that is not provided comes from its owner', async () => {
    const { answer, representationsSentTo } = await ask(
      '{ works { ... on Film { title } ... on Novel { title } } }',
    );
    expect(answer).toEqual({ data: { works: [{ title: 'Provided film' }, { title: 'Owned novel' }] } });
    expect(representationsSentTo('catalogue')).toEqual([{ __typename: 'Novel', id: 'n1' }]);
  });

  test('on a union without @provides, all comes from the owner', async () => {
    const { answer } = await ask('{ plainWorks { ... on Film { title } ... on Novel { title } } }');
    expect(answer).toEqual({ data: { plainWorks: [{ title: 'Owned film' }, { title: 'Owned novel' }] } });
  });

  test('on an interface, its field is provided type by type', async () => {
    const { answer, asked } = await ask('{ titled { id title } }');
    expect(answer).toEqual({
      data: {
        titled: [
          { id: 'f1', title: 'Provided film' },
          { id: 'n1', title: 'Provided novel' },
        ],
      },
    });
    expect(asked).toEqual(['shelf']);
  });

  test('on an interface, a type is provided more than the others', async () => {
    const { answer, asked } = await ask(
      '{ titled { ... on Novel { title } ... on Film { cast { name } } } }',
    );
    expect(answer).toEqual({
      data: { titled: [{ cast: [{ name: 'Provided actor' }] }, { title: 'Provided novel' }] },
    });
    expect(asked).toEqual(['shelf']);
  });

  test('on an interface without @provides, its field comes from the owner', async () => {
    const { answer } = await ask('{ plainTitled { title } }');
    expect(answer).toEqual({ data: { plainTitled: [{ title: 'Owned film' }, { title: 'Owned novel' }] } });
  });

  test('provided and owned fields of all types meet in one answer', async () => {
    const { answer } = await ask(
      '{ titled { title ... on Film { year cast { name born } } ... on Novel { pages } } }',
    );
    expect(answer).toEqual({
      data: {
        titled: [
          { title: 'Provided film', year: 1927, cast: [{ name: 'Provided actor', born: 1900 }] },
          { title: 'Provided novel', pages: 300 },
        ],
      },
    });
  });
});
