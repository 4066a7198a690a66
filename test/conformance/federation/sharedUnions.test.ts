import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * A field of several subgraphs may give a union, or an interface, that each of them knows other types of. Whoever is asked gives
 * what it knows: a type that it does not know is never in its answer, and it is never asked for one.
 */
describe.each(enginesUnderTest)('conformance: unions of shared fields (%s)', (engine) => {
  const bread = { __typename: 'Bread', weight: 500 };
  const photo = { __typename: 'Photo', size: 'LARGE', camera: { maker: 'Leica', lens: { length: 50 } } };
  const song = { __typename: 'Song', seconds: 180 };
  const { ask, test } = federatedGraph(engine, {
    shop: {
      sdl: `${federation2}
        type Query { shop: Shelf album: Album @shareable shelves: [Shelf!]! }
        type Shelf @key(fields: "id") { id: ID! box: Box @shareable }
        type Box @shareable { things: [Thing!]! thing: Thing }
        union Thing = Bread | Photo
        type Bread @shareable { weight: Int! }
        type Photo { size(unit: Unit, frame: Frame): Size! camera: Camera! }
        type Camera { maker: String! lens: Lens }
        type Lens { length: Int! }
        enum Size { SMALL LARGE } enum Unit { CM INCH } input Frame { wide: Boolean unit: Unit }
        type Album @shareable { item: Item! } interface Item { title: String } type Print implements Item @shareable { title: String } type Slide implements Item { title: String glass: Boolean }`,
      resolvers: {
        Query: {
          shop: () => ({ id: 's1', box: { things: [bread, photo], thing: photo } }),
          shelves: () => [
            { id: 's1', box: { things: [photo], thing: null } },
            { id: 's2', box: { things: [], thing: bread } },
          ],
          album: () => ({ item: { __typename: 'Print', title: 'Sea' } }),
        },
        Photo: {
          size: (_: unknown, { unit }: { unit?: string }) => (unit === 'INCH' ? 'SMALL' : 'LARGE'),
        },
      },
    },
    radio: {
      sdl: `${federation2}
        type Query { radio: Shelf album: Album @shareable }
        type Shelf @key(fields: "id") { id: ID! box: Box @shareable radioBox: Box name: String }
        type Box @shareable { things: [Thing!]! thing: Thing }
        union Thing = Bread | Song
        type Bread @shareable { weight: Int! }
        type Song { seconds: Int! }
        type Album @shareable { item: Item! } interface Item { title: String } type Print implements Item @shareable { title: String } type Tape implements Item { title: String length: Int }`,
      resolvers: {
        Query: {
          radio: () => ({ id: 's1', box: { things: [song, bread], thing: song } }),
          album: () => ({ item: { __typename: 'Print', title: 'Sea' } }),
        },
        Shelf: {
          radioBox: () => ({ things: [song], thing: bread }),
          name: ({ id }: { id: string }) => `Shelf ${id}`,
        },
      },
    },
  });
  const photoFields = '... on Photo { size camera { maker lens { length } } }';
  const all = `__typename ... on Bread { weight } ${photoFields} ... on Song { seconds }`;

  test('a member and what it leads to, in the subgraph that knows them', async () => {
    const { answer, asked } = await ask(`{ shop { box { things { ${all} } thing { ${all} } } } }`);
    expect(answer).toEqual({ data: { shop: { box: { things: [bread, photo], thing: photo } } } });
    expect(asked).toEqual(['shop']);
  });

  test('a member that the subgraph does not know is not in its document', async () => {
    const { answer, documentsSentTo } = await ask(`{ radio { box { things { ${all} } thing { ${all} } } } }`);
    expect(answer).toEqual({ data: { radio: { box: { things: [song, bread], thing: song } } } });
    expect(documentsSentTo('radio').join()).not.toMatch(/Photo|camera/);
  });

  test('fields of both subgraphs give the members of each', async () => {
    const { answer } = await ask(
      `{ shop { name box { things { ${all} } } radioBox { things { ${all} } thing { ...Any } } } } fragment Any on Thing { ${all} }`,
    );
    expect(answer).toEqual({
      data: {
        shop: {
          name: 'Shelf s1',
          box: { things: [bread, photo] },
          radioBox: { things: [song], thing: bread },
        },
      },
    });
  });

  test('a list of parents, with lists that are empty and a null', async () => {
    const { answer } = await ask(`{ shelves { name box { things { ${all} } thing { ${all} } } } }`);
    expect(answer).toEqual({
      data: {
        shelves: [
          { name: 'Shelf s1', box: { things: [photo], thing: null } },
          { name: 'Shelf s2', box: { things: [], thing: bread } },
        ],
      },
    });
  });

  test('a variable that only an unknown member uses is not declared', async () => {
    const query = `query ($unit: Unit, $frame: Frame) {
      radio { box { things { __typename ... on Photo { size(unit: $unit, frame: $frame) } } } }
      shop { box { things { __typename ... on Photo { size(unit: $unit, frame: $frame) } } } }
    }`;
    const { answer, documentsSentTo, variablesSentTo } = await ask(query, {
      variables: { unit: 'INCH', frame: { wide: true } },
    });
    expect(answer).toEqual({
      data: {
        radio: { box: { things: [{ __typename: 'Song' }, { __typename: 'Bread' }] } },
        shop: { box: { things: [{ __typename: 'Bread' }, { __typename: 'Photo', size: 'SMALL' }] } },
      },
    });
    expect(documentsSentTo('radio').join()).not.toContain('$unit');
    expect(variablesSentTo('radio')).toEqual([{}]);
    expect(variablesSentTo('shop')).toEqual([{ unit: 'INCH', frame: { wide: true } }]);
  });

  test('nothing but unknown members leaves objects without fields', async () => {
    const { answer, asked } = await ask(`{ radio { box { things { ${photoFields} } } } }`);
    expect(answer).toEqual({ data: { radio: { box: { things: [{}, {}] } } } });
    expect(asked).toEqual(['radio']);
  });

  test('an interface whose object both subgraphs know', async () => {
    const { answer } = await ask(
      '{ album { item { __typename title ... on Slide { glass } ... on Tape { length } } } }',
    );
    expect(answer).toEqual({ data: { album: { item: { __typename: 'Print', title: 'Sea' } } } });
  });
});

/*
 * Values of a shared field should be equal, but nothing holds subgraphs to that. Where one says of a place what another denies,
 * the answer has one of them whole, never a mixture: an object has the fields of its own type.
 */
describe.each(enginesUnderTest)('conformance: subgraphs that disagree on a type (%s)', (engine) => {
  const subgraph = (own: string) => ({
    sdl: `${federation2}
      type Query { from${own}: Trip }
      type Trip @key(fields: "id") { id: ID! legs: [Leg!]! @shareable }
      interface Leg { from: String } type Walk implements Leg @shareable { from: String } type ${own} implements Leg { from: String by${own}: Int }`,
    resolvers: {
      Query: { [`from${own}`]: () => ({ id: 't1' }) },
      Trip: {
        legs: () => [
          { __typename: 'Walk', from: 'Home' },
          { __typename: own, from: own, [`by${own}`]: 1 },
        ],
      },
    },
  });
  const { ask, test } = federatedGraph(engine, { trains: subgraph('Train'), ships: subgraph('Ship') });

  test('the first subgraph’s objects stay whole', async () => {
    const { answer } = await ask('{ fromTrain { legs { __typename from ... on Ship { byShip } } } }');
    expect(answer).toEqual({
      data: {
        fromTrain: {
          legs: [
            { __typename: 'Walk', from: 'Home' },
            { __typename: 'Train', from: 'Train' },
          ],
        },
      },
    });
  });
});

/*
 * Federation, `@composeDirective`, and GraphQL specification, §2.12: a client may use the executable directives of the schema.
 * An argument has the default that the composed definition gives it.
 */
describe.each(enginesUnderTest)('conformance: executable directives (%s)', (engine) => {
  const head = `extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@composeDirective"])
    @link(url: "https://specs.test/access/v1.0", import: ["@access"]) @composeDirective(name: "@access")
    enum Scope { PUBLIC PRIVATE }`;
  const { ask, test } = federatedGraph(engine, {
    one: {
      sdl: `${head} directive @access(scope: Scope!) on FIELD type Query { one: String }`,
      resolvers: { Query: { one: () => '1' } },
    },
    two: {
      sdl: `${head} directive @access(scope: Scope! = PUBLIC) on FIELD type Query { two: String }`,
      resolvers: { Query: { two: () => '2' } },
    },
  });

  test('a composed directive, with and without its argument', async () => {
    const { answer } = await ask('{ one @access two @access(scope: PRIVATE) }');
    expect(answer).toEqual({ data: { one: '1', two: '2' } });
  });
});

/*
 * Apollo's composition lets pass an interface that a subgraph gives and has no object of. Nothing can be asked for then, and an
 * answer without an error would say that the field is null.
 */
describe.each(enginesUnderTest)('conformance: what no subgraph can be asked for (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    empty: {
      sdl: `${federation2} type Query { node: Node } interface Node @key(fields: "id") { id: ID! }`,
      resolvers: { Query: { node: () => ({ __typename: 'Node', id: 'n1' }) } },
    },
    fields: {
      sdl: `${federation2} type Query { other: Node }
        type Node @interfaceObject @key(fields: "id", resolvable: false) { id: ID! field: String }`,
      resolvers: { Query: { other: () => ({ id: 'n1', field: 'value' }) } },
    },
  });

  test('a field that no plan leads to is an error', async () => {
    const { answer } = await ask('{ node { field } }');
    expect(answer.data ?? null).toBeNull();
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual(['OPERATION_NOT_SUPPORTED']);
  });

  test('its neighbour in the interface object is answered', async () => {
    const { answer } = await ask('{ other { id field } }');
    expect(answer).toEqual({ data: { other: { id: 'n1', field: 'value' } } });
  });
});
