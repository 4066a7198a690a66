import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation composition rules: a union has the members of all subgraphs that define it. A subgraph can only be asked for
 * members that it knows; its values are of no other.
 */
describe.each(enginesUnderTest)('conformance: partial unions (%s)', (engine) => {
  const tram = { __typename: 'Tram', line: 4 };
  const ferry = { __typename: 'Ferry', pier: 'North' };
  const bike = { __typename: 'Bike', id: 'k1' };
  const { ask, test } = federatedGraph(engine, {
    city: {
      sdl: `${federation2}
        type Query { trip: Trip ride: Ride @shareable rides: [Ride!]! }
        union Ride = Tram | Bike
        type Tram { line: Int! }
        type Bike @key(fields: "id") { id: ID! }
        type Trip @key(fields: "id") { id: ID! leg: Leg @shareable }
        type Leg @shareable { rides: [Ride!]! }`,
      resolvers: {
        Query: {
          trip: () => ({ id: 't1', leg: { rides: [tram, bike] } }),
          ride: () => bike,
          rides: () => [bike, tram, bike],
        },
        Trip: { __resolveReference: () => ({ id: 't1', leg: { rides: [tram, bike] } }) },
      },
    },
    harbour: {
      sdl: `${federation2}
        type Query { crossing: Trip ride: Ride @shareable }
        union Ride = Ferry | Bike
        type Ferry { pier: String! }
        type Bike @key(fields: "id") { id: ID! gears: Int! }
        type Trip @key(fields: "id") { id: ID! leg: Leg @shareable seaLeg: Leg }
        type Leg @shareable { rides: [Ride!]! }`,
      resolvers: {
        Query: { crossing: () => ({ id: 't1', leg: { rides: [ferry, bike] } }), ride: () => bike },
        Trip: { __resolveReference: () => ({ id: 't1' }), seaLeg: () => ({ rides: [ferry, bike] }) },
        Bike: { gears: () => 7 },
      },
    },
  });
  const all = '__typename ... on Tram { line } ... on Ferry { pier } ... on Bike { id gears }';
  const answered = { __typename: 'Bike', id: 'k1', gears: 7 };

  test('a subgraph is not asked for a member that it does not know', async () => {
    const { answer, documentsSentTo } = await ask(`{ rides { ${all} } }`);
    expect(answer).toEqual({ data: { rides: [answered, tram, answered] } });
    expect(documentsSentTo('city').join()).not.toContain('Ferry');
  });

  test('a fragment on a member of the other subgraph alone leaves empty objects', async () => {
    const { answer, asked } = await ask('{ rides { ... on Ferry { pier } } }');
    expect(answer).toEqual({ data: { rides: [{}, {}, {}] } });
    expect(asked).toEqual(['city']);
  });

  test('below a value type of both, the members of the first', async () => {
    const { answer } = await ask(`{ trip { leg { rides { ${all} } } } }`);
    expect(answer).toEqual({ data: { trip: { leg: { rides: [tram, answered] } } } });
  });

  test('below a value type of both, the members of the second', async () => {
    const { answer } = await ask(`{ crossing { leg { rides { ${all} } } } }`);
    expect(answer).toEqual({ data: { crossing: { leg: { rides: [ferry, answered] } } } });
  });

  test('a field of the second on the entity of the first gives the members of the second', async () => {
    const { answer } = await ask(`{ trip { seaLeg { rides { ${all} } } } }`);
    expect(answer).toEqual({ data: { trip: { seaLeg: { rides: [ferry, answered] } } } });
  });

  test('a root field of both gives a member of both', async () => {
    const { answer } = await ask(`{ ride { ${all} } }`);
    expect(answer).toEqual({ data: { ride: answered } });
  });

  test('__typename alone of members of which one is unknown', async () => {
    const { answer } = await ask('{ trip { leg { rides { __typename ... on Ferry { pier } } } } }');
    expect(answer).toEqual({
      data: { trip: { leg: { rides: [{ __typename: 'Tram' }, { __typename: 'Bike' }] } } },
    });
  });
});

/*
 * Federation composition rules: an enum that is only returned is the union of the subgraphs' values, one that is also an
 * argument is the same in all or, if only an argument, their intersection. An input object has the fields that all have.
 */
describe.each(enginesUnderTest)('conformance: merged enums and inputs (%s)', (engine) => {
  const told: unknown[] = [];
  const tell = (_: unknown, { filter, pace }: { filter?: unknown; pace?: string }) => {
    told.push(filter ?? pace);
    return JSON.stringify(filter ?? pace);
  };
  const { ask, test } = federatedGraph(engine, {
    hikes: {
      sdl: `${federation2}
        type Query { hikes(filter: Filter): String run(pace: Pace): String hike: Hike }
        input Filter { from: Int! = 1 region: String tags: [String!] inner: Inner private: Int }
        input Inner { deep: Boolean = true list: [[Int]] }
        enum Pace { SLOW FAST HIDDEN }
        enum Ground { ROCK SAND }
        type Hike @key(fields: "id") { id: ID! ground: Ground! @shareable }`,
      resolvers: {
        Query: { hikes: tell, run: tell, hike: () => ({ id: 'h1', ground: 'ROCK' }) },
      },
    },
    tours: {
      sdl: `${federation2}
        type Query { tours(filter: Filter): String walk(pace: Pace): String tour: Hike grounds: [Ground!]! }
        input Filter { from: Int! = 1 region: String tags: [String!] inner: Inner }
        input Inner { deep: Boolean = true list: [[Int]] }
        enum Pace { SLOW FAST ELSEWHERE }
        enum Ground { ROCK ICE }
        type Hike @key(fields: "id") { id: ID! ground: Ground! @shareable length: Int! }`,
      resolvers: {
        Query: {
          tours: tell,
          walk: tell,
          tour: () => ({ id: 'h2', ground: 'ICE' }),
          grounds: () => ['ICE', 'ROCK'],
        },
        Hike: { length: () => 12 },
      },
    },
  });

  test('a returned enum has the values of every subgraph', async () => {
    const { answer } = await ask('{ hike { ground length } tour { ground } grounds }');
    expect(answer).toEqual({
      data: { hike: { ground: 'ROCK', length: 12 }, tour: { ground: 'ICE' }, grounds: ['ICE', 'ROCK'] },
    });
  });

  test('an enum argument has the values that all subgraphs have', async () => {
    const { answer } = await ask('{ run(pace: FAST) walk(pace: SLOW) }');
    expect(answer).toEqual({ data: { run: '"FAST"', walk: '"SLOW"' } });
  });

  test('a value of one subgraph alone is no value of the enum', async () => {
    const { answer, asked } = await ask('{ run(pace: HIDDEN) }');
    expect(answer.data).toBeUndefined();
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(asked).toEqual([]);
  });

  test('a value of one subgraph alone is refused in a variable', async () => {
    const { answer, asked } = await ask('query Run($pace: Pace) { run(pace: $pace) }', {
      variables: { pace: 'HIDDEN' },
    });
    expect(answer.data).toBeUndefined();
    expect(answer.errors?.length).toBe(1);
    expect(asked).toEqual([]);
  });

  test('a field of one subgraph alone is no field of the input object', async () => {
    const { answer, asked } = await ask('{ hikes(filter: { private: 1 }) }');
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(asked).toEqual([]);
  });

  test('the fields that all have are sent, and defaults fill the rest', async () => {
    const { answer } = await ask(
      '{ tours(filter: { region: "Alps", tags: ["a"], inner: { list: [[1, null], null] } }) }',
    );
    expect(answer).toEqual({
      data: { tours: '{"from":1,"region":"Alps","tags":["a"],"inner":{"deep":true,"list":[[1,null],null]}}' },
    });
  });

  test('an input object in a variable arrives as it was sent', async () => {
    const { answer } = await ask(
      'query Find($filter: Filter) { hikes(filter: $filter) tours(filter: $filter) }',
      {
        variables: { filter: { from: 3, tags: [], inner: { deep: null } } },
      },
    );
    const arrived = '{"from":3,"tags":[],"inner":{"deep":null}}';
    expect(answer).toEqual({ data: { hikes: arrived, tours: arrived } });
  });
});
