import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation directives reference, `@requires`: the fields of its selection set are resolved by other subgraphs first, and
 * are part of the representation that the subgraph gets for the entity.
 */

const parcels = [
  { id: 'p1', label: 'books', grams: 1200, metres: 3, fragile: true },
  { id: 'p2', label: 'bricks', grams: 9000, metres: 7, fragile: false },
];
const parcelOf = ({ id }: { id: string }) => parcels.find((parcel) => parcel.id === id);

describe.each(enginesUnderTest)('conformance: @requires (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    depot: {
      sdl: `${federation2}
        type Query { parcels: [Parcel!]! parcel(id: ID!): Parcel }
        type Parcel @key(fields: "id") { id: ID! label: String! grams: Int! fragile: Boolean! size: Size! }
        type Size { metres: Int! unit: String! }`,
      resolvers: {
        Query: { parcels: () => parcels, parcel: (_: unknown, { id }: { id: string }) => parcelOf({ id }) },
        Parcel: {
          __resolveReference: parcelOf,
          size: ({ metres }: { metres: number }) => ({ metres, unit: 'm' }),
        },
      },
    },
    freight: {
      sdl: `${federation2}
        type Parcel @key(fields: "id") {
          id: ID!
          grams: Int! @external
          fragile: Boolean! @external
          size: Size! @external
          price: Int! @requires(fields: "grams")
          box: String! @requires(fields: "grams fragile size { metres }")
          hub: String!
        }
        type Size { metres: Int! @external }`,
      resolvers: {
        Parcel: {
          hub: ({ id }: { id: string }) => `hub of ${id}`,
          price: ({ grams }: { grams: number }) => grams / 100,
          box: ({ grams, fragile, size }: { grams: number; fragile: boolean; size: { metres: number } }) =>
            `${fragile ? 'padded' : 'plain'} ${size.metres} m, ${grams} g`,
        },
      },
    },
    bills: {
      sdl: `${federation2}
        type Parcel @key(fields: "id") {
          id: ID!
          price: Int! @external
          taxed: Int! @requires(fields: "price")
        }`,
      resolvers: { Parcel: { taxed: ({ price }: { price: number }) => price * 2 } },
    },
  });

  test('a required field that the client did not ask for is fetched, and not answered', async () => {
    const { answer, representationsSentTo } = await ask('{ parcels { label price } }');
    expect(answer).toEqual({
      data: {
        parcels: [
          { label: 'books', price: 12 },
          { label: 'bricks', price: 90 },
        ],
      },
    });
    expect(representationsSentTo('freight')).toEqual([
      { __typename: 'Parcel', id: 'p1', grams: 1200 },
      { __typename: 'Parcel', id: 'p2', grams: 9000 },
    ]);
  });

  test('required fields of a nested object are nested in the representation', async () => {
    const { answer, representationsSentTo } = await ask('{ parcel(id: "p1") { box } }');
    expect(answer).toEqual({ data: { parcel: { box: 'padded 3 m, 1200 g' } } });
    expect(representationsSentTo('freight')).toEqual([
      { __typename: 'Parcel', id: 'p1', grams: 1200, fragile: true, size: { metres: 3 } },
    ]);
  });

  test('a field required by a field that is itself required goes through all three subgraphs', async () => {
    const { answer, asked } = await ask('{ parcel(id: "p2") { taxed } }');
    expect(answer).toEqual({ data: { parcel: { taxed: 180 } } });
    expect(asked).toEqual(['bills', 'depot', 'freight']);
  });

  test('a field without @requires does not fetch what its neighbours require', async () => {
    const { answer, representationsSentTo, fieldsAskedOf } = await ask('{ parcels { hub } }');
    expect(answer).toEqual({ data: { parcels: [{ hub: 'hub of p1' }, { hub: 'hub of p2' }] } });
    expect(representationsSentTo('freight')).toEqual([
      { __typename: 'Parcel', id: 'p1' },
      { __typename: 'Parcel', id: 'p2' },
    ]);
    expect(fieldsAskedOf('depot')).toEqual(['id', 'parcels']);
  });

  test('a part of a nested object that is required may be asked for with other parts', async () => {
    const { answer } = await ask('{ parcel(id: "p1") { size { unit } box } }');
    expect(answer).toEqual({ data: { parcel: { size: { unit: 'm' }, box: 'padded 3 m, 1200 g' } } });
  });

  test('all requiring fields are answered together', async () => {
    const { answer } = await ask('{ parcel(id: "p1") { taxed box price hub grams } }');
    expect(answer).toEqual({
      data: { parcel: { taxed: 24, box: 'padded 3 m, 1200 g', price: 12, hub: 'hub of p1', grams: 1200 } },
    });
  });

  test('one requiring field under two response keys is resolved for both', async () => {
    const { answer } = await ask('{ parcel(id: "p1") { cost: price price } }');
    expect(answer).toEqual({ data: { parcel: { cost: 12, price: 12 } } });
  });
});

/** Two subgraphs, each of which requires a field of the other; the chain ends, as no field requires itself. */
describe.each(enginesUnderTest)('conformance: circular @requires (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    newsroom: {
      sdl: `${federation2}
        type Query { stories: [Story!]! }
        type Story @key(fields: "id") {
          id: ID!
          isShort: Boolean! @external
          isLong: Boolean! @requires(fields: "isShort")
          verdict: String! @requires(fields: "grade")
          grade: Int! @external
        }
        type Writer @key(fields: "id") { id: ID! words: Int! }`,
      resolvers: {
        Query: { stories: () => [{ id: 's1' }, { id: 's2' }] },
        Story: {
          // null for a representation without the required field, which the non-null type turns into an error
          isLong: ({ isShort }: { isShort?: boolean }) => (isShort === undefined ? null : !isShort),
          verdict: ({ grade }: { grade?: number }) => (grade === undefined ? null : `grade ${grade}`),
        },
        Writer: {
          __resolveReference: ({ id }: { id: string }) => ({ id, words: id === 'w1' ? 100 : 5000 }),
        },
      },
    },
    desk: {
      sdl: `${federation2}
        type Story @key(fields: "id") {
          id: ID!
          writer: Writer!
          isLong: Boolean! @external
          isShort: Boolean! @requires(fields: "writer { words }")
          grade: Int! @requires(fields: "isLong")
        }
        type Writer @key(fields: "id") { id: ID! words: Int! @external }`,
      resolvers: {
        Story: {
          __resolveReference: (story: { id: string }) => ({
            writer: { id: story.id === 's1' ? 'w1' : 'w2' },
            ...story,
          }),
          isShort: ({ writer }: { writer: { words?: number } }) =>
            writer.words === undefined ? null : writer.words < 1000,
          grade: ({ isLong }: { isLong?: boolean }) => (isLong === undefined ? null : isLong ? 2 : 1),
        },
      },
    },
  });

  test('a field requires one of the other subgraph that requires one of the first', async () => {
    const { answer } = await ask('{ stories { isShort } }');
    expect(answer).toEqual({ data: { stories: [{ isShort: true }, { isShort: false }] } });
  });

  test('one hop more, back in the first subgraph', async () => {
    const { answer } = await ask('{ stories { isLong } }');
    expect(answer).toEqual({ data: { stories: [{ isLong: false }, { isLong: true }] } });
  });

  test('four hops between the two subgraphs', async () => {
    const { answer } = await ask('{ stories { verdict } }');
    expect(answer).toEqual({ data: { stories: [{ verdict: 'grade 1' }, { verdict: 'grade 2' }] } });
  });

  test('all hops of the circle in one operation', async () => {
    const { answer } = await ask('{ stories { verdict grade isLong isShort writer { id words } } }');
    expect(answer).toEqual({
      data: {
        stories: [
          { verdict: 'grade 1', grade: 1, isLong: false, isShort: true, writer: { id: 'w1', words: 100 } },
          { verdict: 'grade 2', grade: 2, isLong: true, isShort: false, writer: { id: 'w2', words: 5000 } },
        ],
      },
    });
  });
});
