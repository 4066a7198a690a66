import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation directives reference, `@key`: a type may have several keys, and keys of several or nested fields. A subgraph
 * is asked with a key that it defines itself, which may first have to be fetched from a third subgraph.
 */
describe.each(enginesUnderTest)('conformance: keys (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    roster: {
      sdl: `${federation2}
        type Query { crew: [Sailor!]! flagship: Ship }
        type Sailor @key(fields: "badge") { badge: ID! ship: Ship! }
        type Ship @key(fields: "name port { code }") { name: String! port: Port! }
        type Port @shareable { code: ID! }`,
      resolvers: {
        Query: {
          crew: () => ['b1', 'b2'].map((badge) => ({ badge, ship: { name: 'Argo', port: { code: 'PIR' } } })),
          flagship: () => ({ name: 'Argo', port: { code: 'PIR' } }),
        },
      },
    },
    registry: {
      sdl: `${federation2}
        type Sailor @key(fields: "badge") @key(fields: "passport { country number }") {
          badge: ID!
          passport: Passport!
          name: String!
        }
        type Passport @shareable { country: String! number: Int! }`,
      resolvers: {
        Sailor: {
          __resolveReference: ({ badge }: { badge: string }) => ({
            badge,
            name: badge === 'b1' ? 'Nemo' : 'Ahab',
            passport: { country: 'FR', number: badge === 'b1' ? 1 : 2 },
          }),
        },
      },
    },
    customs: {
      sdl: `${federation2}
        type Sailor @key(fields: "passport { number country }") { passport: Passport! stamps: [String!]! }
        type Passport @shareable { number: Int! country: String! }
        type Ship @key(fields: "port { code } name") @key(fields: "hull") { port: Port! name: String! hull: ID! }
        type Port @shareable { code: ID! }`,
      resolvers: {
        Sailor: { stamps: ({ passport }: { passport: { number: number } }) => [`stamp ${passport.number}`] },
        Ship: { hull: ({ name, port }: { name: string; port: { code: string } }) => `${name}@${port.code}` },
      },
    },
    yard: {
      sdl: `${federation2}
        type Ship @key(fields: "hull") { hull: ID! masts: Int! }`,
      resolvers: { Ship: { masts: ({ hull }: { hull: string }) => hull.length } },
    },
  });

  test('the key that a subgraph needs is fetched from a third one', async () => {
    const { answer, asked, representationsSentTo } = await ask('{ crew { stamps } }');
    expect(answer).toEqual({ data: { crew: [{ stamps: ['stamp 1'] }, { stamps: ['stamp 2'] }] } });
    expect(asked).toEqual(['customs', 'registry', 'roster']);
    expect(representationsSentTo('customs')).toEqual([
      { __typename: 'Sailor', passport: { country: 'FR', number: 1 } },
      { __typename: 'Sailor', passport: { country: 'FR', number: 2 } },
    ]);
  });

  test('a key of nested fields is the same in another order', async () => {
    const { answer, representationsSentTo } = await ask('{ flagship { hull } }');
    expect(answer).toEqual({ data: { flagship: { hull: 'Argo@PIR' } } });
    expect(representationsSentTo('customs')).toEqual([
      { __typename: 'Ship', name: 'Argo', port: { code: 'PIR' } },
    ]);
  });

  test('a subgraph with one key leads to another with a second key', async () => {
    const { answer } = await ask('{ flagship { masts } }');
    expect(answer).toEqual({ data: { flagship: { masts: 8 } } });
  });

  test('equal entities under many parents are each answered', async () => {
    const { answer } = await ask('{ crew { badge name ship { name masts } } }');
    expect(answer).toEqual({
      data: {
        crew: [
          { badge: 'b1', name: 'Nemo', ship: { name: 'Argo', masts: 8 } },
          { badge: 'b2', name: 'Ahab', ship: { name: 'Argo', masts: 8 } },
        ],
      },
    });
  });

  test('key fields that the first subgraph has need no second request', async () => {
    const { answer, asked } = await ask('{ crew { badge ship { port { code } } } }');
    expect(answer).toEqual({
      data: {
        crew: [
          { badge: 'b1', ship: { port: { code: 'PIR' } } },
          { badge: 'b2', ship: { port: { code: 'PIR' } } },
        ],
      },
    });
    expect(asked).toEqual(['roster']);
  });
});

/** `resolvable: false`: the subgraph refers to the entity by its key, and must not be asked to resolve it. */
describe.each(enginesUnderTest)('conformance: non-resolvable keys (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    gardens: {
      sdl: `${federation2}
        type Query { garden: Garden }
        type Garden @key(fields: "id") { id: ID! tree: Tree! trees: [Tree!]! }
        type Tree @key(fields: "id", resolvable: false) { id: ID! }`,
      resolvers: {
        Query: { garden: () => ({ id: 'g1', tree: { id: 't1' }, trees: [{ id: 't2' }, { id: 't1' }] }) },
      },
    },
    botany: {
      sdl: `${federation2}
        type Query { oldest: Tree }
        type Tree @key(fields: "id") { id: ID! species: String! }`,
      resolvers: {
        Query: { oldest: () => ({ id: 't1' }) },
        Tree: { species: ({ id }: { id: string }) => (id === 't1' ? 'oak' : 'yew') },
      },
    },
  });

  test('a reference by a non-resolvable key is resolved by the owner', async () => {
    const { answer, representationsSentTo } = await ask('{ garden { tree { id species } } }');
    expect(answer).toEqual({ data: { garden: { tree: { id: 't1', species: 'oak' } } } });
    expect(representationsSentTo('botany')).toEqual([{ __typename: 'Tree', id: 't1' }]);
  });

  test('references in a list keep their places', async () => {
    const { answer } = await ask('{ garden { trees { species } } }');
    expect(answer).toEqual({ data: { garden: { trees: [{ species: 'yew' }, { species: 'oak' }] } } });
  });

  test('the key alone needs no second request', async () => {
    const { asked } = await ask('{ garden { tree { id } } }');
    expect(asked).toEqual(['gardens']);
  });

  test('the subgraph with the non-resolvable key is never asked for the entity', async () => {
    const { answer, asked } = await ask('{ oldest { id species } }');
    expect(answer).toEqual({ data: { oldest: { id: 't1', species: 'oak' } } });
    expect(asked).toEqual(['botany']);
  });
});

/*
 * Federation subgraph specification, `_entities`: a representation must hold the fields of a key. An entity whose nullable
 * key is null cannot be asked for; one that the owner does not find is null in its place.
 */
describe.each(enginesUnderTest)('conformance: null keys (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    loans: {
      sdl: `${federation2}
        type Query { loans: [Loan!]! }
        type Loan @key(fields: "id") { id: ID! member: Member copy: Copy }
        type Member @key(fields: "card") { card: ID }
        type Copy @key(fields: "id") { id: ID! }`,
      resolvers: {
        Query: {
          loans: () => [
            { id: 'l1', member: { card: 'm1' }, copy: { id: 'k1' } },
            { id: 'l2', member: { card: null }, copy: { id: 'lost' } },
            { id: 'l3', member: null, copy: null },
            { id: 'l4', member: { card: 'm2' }, copy: { id: 'k1' } },
          ],
        },
      },
    },
    people: {
      sdl: `${federation2}
        type Member @key(fields: "card") { card: ID name: String age: Int! }`,
      resolvers: {
        Member: {
          __resolveReference: ({ card }: { card: string }) => ({ card, name: `name of ${card}`, age: 30 }),
        },
      },
    },
    stacks: {
      sdl: `${federation2}
        type Copy @key(fields: "id") @key(fields: "shelfmark") { id: ID! shelfmark: ID }`,
      resolvers: {
        Copy: {
          __resolveReference: ({ id }: { id: string }) =>
            id === 'lost' ? null : { id, shelfmark: `s-${id}` },
        },
      },
    },
    binders: {
      sdl: `${federation2}
        type Copy @key(fields: "shelfmark") { shelfmark: ID binding: String }`,
      resolvers: { Copy: { binding: ({ shelfmark }: { shelfmark: string }) => `leather ${shelfmark}` } },
    },
  });

  test('a null in place of an entity stays null, and is not asked for', async () => {
    const { answer, representationsSentTo } = await ask('{ loans { copy { id shelfmark } } }');
    expect(answer).toEqual({
      data: {
        loans: [
          { copy: { id: 'k1', shelfmark: 's-k1' } },
          { copy: { id: 'lost', shelfmark: null } },
          { copy: null },
          { copy: { id: 'k1', shelfmark: 's-k1' } },
        ],
      },
    });
    expect(representationsSentTo('stacks').map(({ id }) => id)).not.toContain(null);
  });

  test('an entity that is not found has no further key, and its other fields are null', async () => {
    const { answer, representationsSentTo } = await ask('{ loans { copy { binding } } }');
    expect(answer).toEqual({
      data: {
        loans: [
          { copy: { binding: 'leather s-k1' } },
          { copy: { binding: null } },
          { copy: null },
          { copy: { binding: 'leather s-k1' } },
        ],
      },
    });
    expect(representationsSentTo('binders')).not.toContainEqual({ __typename: 'Copy' });
  });

  test('the entities around a null keep their own data', async () => {
    const { answer } = await ask('{ loans { id copy { id } } }');
    expect(answer).toEqual({
      data: {
        loans: [
          { id: 'l1', copy: { id: 'k1' } },
          { id: 'l2', copy: { id: 'lost' } },
          { id: 'l3', copy: null },
          { id: 'l4', copy: { id: 'k1' } },
        ],
      },
    });
  });
});
