import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation directives reference, `@requires`: a field that is required may itself require others, of entities below it too. Each
 * subgraph is given what it requires, and is asked for nothing that it has only as `@external`.
 */
describe.each(enginesUnderTest)('conformance: chains of @requires (%s)', (engine) => {
  const stops = {
    s1: { id: 's1', guideId: 'g1' },
    s2: { id: 's2', guideId: 'g2' },
    s3: { id: 's3', guideId: null },
  } as const;
  const stopsOfTrips: Readonly<Record<string, readonly (keyof typeof stops)[]>> = {
    t1: ['s1', 's2'],
    t2: ['s3'],
    t3: [],
  };

  const { ask, test } = federatedGraph(engine, {
    trips: {
      sdl: `${federation2}
        type Query { trips: [Trip!]! }
        type Trip @key(fields: "id") {
          id: ID!
          leaderId: ID @external
          leader: Guide @requires(fields: "leaderId")
        }
        type Stop @key(fields: "id") { id: ID! guideId: ID }
        type Guide { id: ID! name: String }`,
      resolvers: {
        Query: { trips: () => Object.keys(stopsOfTrips).map((id) => ({ id })) },
        Trip: {
          leader: ({ leaderId }: { leaderId: string | null }) =>
            leaderId === null ? null : { id: leaderId, name: `Guide ${leaderId}` },
        },
        Stop: {
          __resolveReference: ({ id }: { id: keyof typeof stops }) => stops[id],
        },
      },
    },
    plans: {
      sdl: `${federation2}
        type Query { plan: String }
        type Trip @key(fields: "id") {
          id: ID!
          stops: [Stop!]!
          leaderId: ID @requires(fields: "stops { guideId }")
        }
        type Stop @key(fields: "id") { id: ID! guideId: ID @external }`,
      resolvers: {
        Trip: {
          stops: ({ id }: { id: string }) => (stopsOfTrips[id] ?? []).map((stop) => ({ id: stop })),
          leaderId: ({ stops: given }: { stops: readonly { guideId: string | null }[] }) =>
            given.at(-1)?.guideId ?? null,
        },
      },
    },
  });

  const leaders = [{ leader: { name: 'Guide g2' } }, { leader: null }, { leader: null }];

  test('a field requires one that requires fields of the entities of a list', async () => {
    const { answer, representationsSentTo } = await ask('{ trips { leader { name } } }');
    expect(answer).toEqual({ data: { trips: leaders } });
    expect(representationsSentTo('plans')).toContainEqual({
      __typename: 'Trip',
      id: 't1',
      stops: [{ guideId: 'g1' }, { guideId: 'g2' }],
    });
  });

  test('the same beside what the chain is made of', async () => {
    const { answer } = await ask('{ trips { leaderId leader { name } stops { id guideId } } plan }');
    expect(answer).toEqual({
      data: {
        trips: [
          { leaderId: 'g2', ...leaders[0], stops: [stops.s1, stops.s2] },
          { leaderId: null, ...leaders[1], stops: [stops.s3] },
          { leaderId: null, ...leaders[2], stops: [] },
        ],
        plan: null,
      },
    });
  });

  test('the same under aliases that are the names of the chain', async () => {
    const { answer } = await ask('{ trips { stops: id leaderId: leader { guideId: name } } }');
    expect(answer).toEqual({
      data: {
        trips: leaders.map(({ leader }, index) => ({
          stops: `t${index + 1}`,
          leaderId: leader === null ? null : { guideId: leader.name },
        })),
      },
    });
  });
});
