import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * GraphQL section 6.2.2: the root fields of a mutation are executed one after the other, in the order of the document, even
 * if other subgraphs answer them. All subgraphs share one counter here, so that any other order gives other numbers.
 */
describe.each(enginesUnderTest)('conformance: mutations (%s)', (engine) => {
  const counter = { value: 0, steps: [] as string[] };
  const step = (name: string, change: (value: number, by: number) => number) => ({
    [name]: (_: unknown, { by = 1 }: { by?: number }) => {
      counter.steps.push(name);
      counter.value = change(counter.value, by);
      return { id: 'till', value: counter.value, history: [{ id: 'till' }] };
    },
  });
  const { ask, test } = federatedGraph(engine, {
    till: {
      sdl: `${federation2}
        type Query { till: Till }
        type Mutation { add(by: Int!): Till reset: Till fail: Till mustFail: Till! }
        type Till @key(fields: "id") { id: ID! value: Int! }`,
      resolvers: {
        Query: { till: () => ({ id: 'till', value: counter.value }) },
        Mutation: {
          ...step('add', (value, by) => value + by),
          ...step('reset', () => 0),
          fail: () => {
            throw new Error('the drawer is stuck');
          },
          mustFail: () => null,
        },
        Till: { __resolveReference: () => ({ id: 'till', value: counter.value }) },
      },
    },
    bank: {
      sdl: `${federation2}
        type Query { bank: String }
        type Mutation { multiply(by: Int!): Till log(text: String = "logged"): String }
        type Till @key(fields: "id") { id: ID! owner: Owner! history: [Till!]! }
        type Owner @key(fields: "name") { name: String! }`,
      resolvers: {
        Mutation: {
          ...step('multiply', (value, by) => value * by),
          log: (_: unknown, { text }: { text: string }) => `${text} at ${counter.value}`,
        },
        Till: { owner: () => ({ name: 'Ines' }), history: () => [{ id: 'till' }] },
      },
    },
    owners: {
      sdl: `${federation2}
        type Owner @key(fields: "name") { name: String! phone: String }`,
      resolvers: { Owner: { phone: ({ name }: { name: string }) => `phone of ${name}` } },
    },
  });

  test('root fields of one subgraph run in the order of the document', async () => {
    const { answer, asked } = await ask(
      'mutation { reset { value } a: add(by: 2) { value } b: add(by: 3) { value } }',
    );
    expect(answer).toEqual({ data: { reset: { value: 0 }, a: { value: 2 }, b: { value: 5 } } });
    expect(asked).toEqual(['till']);
  });

  test('root fields of two subgraphs run in the order of the document', async () => {
    counter.steps = [];
    const { answer } = await ask(
      `mutation {
        reset { value }
        two: add(by: 2) { value }
        ten: multiply(by: 5) { id }
        log
        eleven: add(by: 1) { value }
        twice: multiply(by: 2) { id }
        last: log(text: "last")
      }`,
    );
    expect(answer).toEqual({
      data: {
        reset: { value: 0 },
        two: { value: 2 },
        ten: { id: 'till' },
        log: 'logged at 10',
        eleven: { value: 11 },
        twice: { id: 'till' },
        last: 'last at 22',
      },
    });
    expect(counter.steps).toEqual(['reset', 'add', 'multiply', 'add', 'multiply']);
  });

  test('the answer keeps the order of the document', async () => {
    const { text } = await ask(
      'mutation { reset { value } log c: add(by: 1) { value } b: log a: add(by: 1) { id } }',
    );
    expect(text.trim()).toBe(
      '{"data":{"reset":{"value":0},"log":"logged at 0","c":{"value":1},"b":"logged at 1","a":{"id":"till"}}}',
    );
  });

  test('fields of another subgraph follow a mutation', async () => {
    const { answer } = await ask('mutation { reset { value owner { name phone } } }');
    expect(answer).toEqual({
      data: { reset: { value: 0, owner: { name: 'Ines', phone: 'phone of Ines' } } },
    });
  });

  test('the fields that follow a mutation are read before the next mutation', async () => {
    const { answer } = await ask(
      'mutation { reset { value } a: multiply(by: 3) { history { value } } add(by: 4) { value } b: multiply(by: 2) { history { value } } }',
    );
    expect(answer).toEqual({
      data: {
        reset: { value: 0 },
        a: { history: [{ value: 0 }] },
        add: { value: 4 },
        b: { history: [{ value: 8 }] },
      },
    });
  });

  test('a mutation that fails does not keep the next one from running', async () => {
    const { answer, errorPaths } = await ask(
      'mutation { reset { value } fail { value } add(by: 7) { value } log }',
    );
    expect(answer.data).toEqual({ reset: { value: 0 }, fail: null, add: { value: 7 }, log: 'logged at 7' });
    expect(errorPaths).toEqual(['fail']);
  });

  test('arguments come from variables, and each request is given its own', async () => {
    const { answer, variablesSentTo } = await ask(
      'mutation Pay($by: Int!, $text: String) { reset { value } add(by: $by) { value } log(text: $text) }',
      { variables: { by: 6, text: 'paid' } },
    );
    expect(answer).toEqual({ data: { reset: { value: 0 }, add: { value: 6 }, log: 'paid at 6' } });
    expect(variablesSentTo('bank')).toEqual([{ text: 'paid' }]);
    expect(variablesSentTo('till')).toEqual([{ by: 6 }]);
  });

  test('a skipped mutation does not run', async () => {
    counter.steps = [];
    const { answer } = await ask(
      'mutation Pay($dry: Boolean!) { reset { value } add(by: 1) @skip(if: $dry) { value } multiply(by: 2) @include(if: $dry) { id } }',
      { variables: { dry: true } },
    );
    expect(answer).toEqual({ data: { reset: { value: 0 }, multiply: { id: 'till' } } });
    expect(counter.steps).toEqual(['reset', 'multiply']);
  });
});

/*
 * Federation subgraph specification: a subgraph may give its root types any name; clients see `Query` and `Mutation`. A
 * root field that several subgraphs share is asked of one of them.
 */
describe.each(enginesUnderTest)('conformance: root types (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    weather: {
      sdl: `${federation2}
        schema { query: WeatherRoot mutation: WeatherChange }
        type WeatherRoot { station: Station @shareable sun: Boolean! query: String }
        type WeatherChange { report(sun: Boolean!): Station }
        type Station @key(fields: "id") { id: ID! degrees: Int! name: String! @shareable root: WeatherRoot }`,
      resolvers: {
        WeatherRoot: { station: () => ({ id: 's1', name: 'Pass' }), sun: () => true, query: () => 'a field' },
        WeatherChange: { report: () => ({ id: 's1', name: 'Pass' }) },
        Station: { degrees: () => -4, root: () => ({}) },
      },
    },
    snow: {
      sdl: `${federation2}
        schema { query: Query }
        type Query { station: Station @shareable depth: Int! Query: String }
        type Station @key(fields: "id") { id: ID! depth: Int! name: String! @shareable }`,
      resolvers: {
        Query: { station: () => ({ id: 's1', name: 'Pass' }), depth: () => 80, Query: () => 'a field too' },
        Station: { depth: () => 120 },
      },
    },
  });

  test('a shared root field is asked of one subgraph', async () => {
    const { answer, asked } = await ask('{ station { id name } }');
    expect(answer).toEqual({ data: { station: { id: 's1', name: 'Pass' } } });
    expect(asked.length).toBe(1);
  });

  test('a shared root field meets the fields of each subgraph', async () => {
    const { answer } = await ask('{ station { name degrees depth } }');
    expect(answer).toEqual({ data: { station: { name: 'Pass', degrees: -4, depth: 120 } } });
  });

  test('a shared root field under two aliases', async () => {
    const { answer } = await ask('{ a: station { degrees } b: station { depth } }');
    expect(answer).toEqual({ data: { a: { degrees: -4 }, b: { depth: 120 } } });
  });

  test('root fields of a renamed and a plain root type', async () => {
    const { answer, asked } = await ask('{ __typename sun depth ... on Query { query Query } }');
    expect(answer).toEqual({
      data: { __typename: 'Query', sun: true, depth: 80, query: 'a field', Query: 'a field too' },
    });
    expect(asked).toEqual(['snow', 'weather']);
  });

  test('a mutation of a renamed root type', async () => {
    const { answer } = await ask('mutation { __typename report(sun: false) { degrees depth } }');
    expect(answer).toEqual({ data: { __typename: 'Mutation', report: { degrees: -4, depth: 120 } } });
  });

  test('the root type below a field is called as clients know it', async () => {
    const { answer } = await ask('{ station { root { __typename sun } } }');
    expect(answer).toEqual({ data: { station: { root: { __typename: 'Query', sun: true } } } });
  });

  test('the root type below a field leads to the root fields of other subgraphs', async () => {
    const { answer } = await ask('{ station { root { depth station { name } } } }');
    expect(answer).toEqual({ data: { station: { root: { depth: 80, station: { name: 'Pass' } } } } });
  });
});

/** Federation directives reference, `@inaccessible`: not in the API schema, and free to be used between subgraphs. */
describe.each(enginesUnderTest)('conformance: @inaccessible (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    vault: {
      sdl: `${federation2}
        type Query { coin: Coin things: [Thing!]! }
        union Thing = Coin | Secret
        type Secret @inaccessible { code: Int! }
        type Coin @key(fields: "serial") { serial: ID! @inaccessible year: Int! gold: Int! @inaccessible }`,
      resolvers: {
        Query: {
          coin: () => ({ serial: 'c1', year: 1900, gold: 3 }),
          things: () => [{ __typename: 'Coin', serial: 'c1', year: 1900, gold: 3 }],
        },
        Coin: { __resolveReference: () => ({ serial: 'c1', year: 1900, gold: 3 }) },
      },
    },
    market: {
      sdl: `${federation2}
        type Coin @key(fields: "serial") { serial: ID! gold: Int! @external price: Int! @requires(fields: "gold") }`,
      resolvers: { Coin: { price: ({ gold }: { gold: number }) => gold * 60 } },
    },
  });

  test('an inaccessible key leads to another subgraph, for a field that requires an inaccessible one', async () => {
    const { answer, representationsSentTo } = await ask(
      '{ coin { year price } things { ... on Coin { price } } }',
    );
    expect(answer).toEqual({ data: { coin: { year: 1900, price: 180 }, things: [{ price: 180 }] } });
    expect(representationsSentTo('market')[0]).toEqual({ __typename: 'Coin', serial: 'c1', gold: 3 });
  });

  test('clients cannot ask for an inaccessible field', async () => {
    const { answer, asked } = await ask('{ coin { serial gold } }');
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual([
      'GRAPHQL_VALIDATION_FAILED',
      'GRAPHQL_VALIDATION_FAILED',
    ]);
    expect(asked).toEqual([]);
  });

  test('clients cannot ask for an inaccessible member of a union', async () => {
    const { answer, asked } = await ask('{ things { ... on Secret { code } } }');
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(asked).toEqual([]);
  });
});

/**
 * Federation directives reference, `@inaccessible`: a value or a type that clients do not see is null for them. It is no error
 * of the subgraph, which gave what its own schema has; a place that may not be null has an error for that.
 */
describe.each(enginesUnderTest)('conformance: what is @inaccessible in an answer (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    paints: {
      sdl: `${federation2}
        type Query { paints: [Paint] pots: [Pot] strict: [Strict] }
        enum Color { RED GREY @inaccessible }
        interface Paint { color: Color } type Oil implements Paint { color: Color } type Ghost implements Paint @inaccessible { color: Color }
        union Pot = Oil | Ghost
        type Strict { color: Color! }`,
      resolvers: {
        Query: {
          paints: () => [
            { __typename: 'Oil', color: 'RED' },
            { __typename: 'Oil', color: 'GREY' },
            { __typename: 'Ghost', color: 'RED' },
          ],
          pots: () => [{ __typename: 'Ghost' }, { __typename: 'Oil', color: 'RED' }],
          strict: () => [{ color: 'GREY' }, { color: 'RED' }],
        },
      },
    },
    shops: { sdl: `${federation2} type Query { shops: Int }` },
  });

  test('a value of an enum, and an object of an interface, are null without an error', async () => {
    const { answer } = await ask('{ paints { __typename color } }');
    expect(answer).toEqual({
      data: { paints: [{ __typename: 'Oil', color: 'RED' }, { __typename: 'Oil', color: null }, null] },
    });
  });

  test('an object of a union is null without an error', async () => {
    const { answer } = await ask('{ pots { ... on Oil { color } } }');
    expect(answer).toEqual({ data: { pots: [null, { color: 'RED' }] } });
  });

  test('an inaccessible value where none may be null is an error that does not name it', async () => {
    const { answer, errorPaths, text } = await ask('{ strict { color } }');
    expect(answer.data).toEqual({ strict: [null, { color: 'RED' }] });
    expect(errorPaths).toEqual(['strict.0.color']);
    expect(text).not.toContain('GREY');
  });
});
