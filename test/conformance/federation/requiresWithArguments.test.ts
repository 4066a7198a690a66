import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * Federation directives reference, `@requires`: a required field may have arguments, whose values are constants of the
 * SDL. Two requiring fields that differ in them conflict under one response key (GraphQL section 5.3.2), so that the
 * gateway must keep them apart; a representation carries the field under its own name, as it has no aliases.
 */

const euros: Readonly<Record<string, number>> = { r1: 80, r2: 200 };
const rates: Readonly<Record<string, number>> = { EUR: 1, USD: 2, SEK: 10 };
const priceIn = ({ id }: { id: string }, { currency }: { currency: string }) =>
  (euros[id] ?? 0) * (rates[currency] ?? 0);

describe.each(enginesUnderTest)('conformance: @requires with arguments (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    rooms: {
      sdl: `${federation2}
        type Query { rooms: [Room!]! room(id: ID!): Room }
        type Room @key(fields: "id") {
          id: ID!
          price(currency: String! = "EUR"): Int
          guests(first: Int!, from: Int = 0): [Guest!]
        }
        type Guest { name: String! nights: Int! }`,
      resolvers: {
        Query: {
          rooms: () => [{ id: 'r1' }, { id: 'r2' }],
          room: (_: unknown, { id }: { id: string }) => ({ id }),
        },
        Room: {
          price: priceIn,
          guests: ({ id }: { id: string }, { first, from }: { first: number; from: number }) =>
            ['Ada', 'Ben', 'Cleo', 'Dev']
              .slice(from, from + first)
              .map((name, index) => ({ name: `${name} ${id}`, nights: index + 1 + from })),
        },
      },
    },
    desk: {
      sdl: `${federation2}
        type Room @key(fields: "id") {
          id: ID!
          price(currency: String! = "EUR"): Int @external
          guests(first: Int!, from: Int = 0): [Guest!] @external
          deposit: Int @requires(fields: "price(currency: \\"USD\\")")
          fee: Int @requires(fields: "price(currency: \\"SEK\\")")
          stars: Int @requires(fields: "price")
          welcome: String @requires(fields: "guests(first: 2) { name }")
          farewell: String @requires(fields: "guests(first: 1, from: 3) { name nights }")
        }
        type Guest { name: String! @external nights: Int! @external }`,
      resolvers: {
        Room: {
          deposit: ({ price }: { price: number }) => price + 1,
          fee: ({ price }: { price: number }) => price + 2,
          stars: ({ price }: { price: number }) => price / 40,
          welcome: ({ guests }: { guests: { name: string }[] }) => guests.map(({ name }) => name).join(', '),
          farewell: ({ guests }: { guests: { name: string; nights: number }[] }) =>
            guests.map(({ name, nights }) => `${name}: ${nights}`).join(', '),
        },
      },
    },
  });

  test('the required field is asked for with the arguments of the SDL', async () => {
    const { answer, representationsSentTo } = await ask('{ rooms { id deposit } }');
    expect(answer).toEqual({
      data: {
        rooms: [
          { id: 'r1', deposit: 161 },
          { id: 'r2', deposit: 401 },
        ],
      },
    });
    expect(representationsSentTo('desk')).toEqual([
      { __typename: 'Room', id: 'r1', price: 160 },
      { __typename: 'Room', id: 'r2', price: 400 },
    ]);
  });

  test('the default of an argument holds where the SDL names none', async () => {
    const { answer } = await ask('{ room(id: "r2") { stars } }');
    expect(answer).toEqual({ data: { room: { stars: 5 } } });
  });

  test('the client asks for the same field with other arguments', async () => {
    const { answer } = await ask('{ room(id: "r1") { price(currency: "SEK") deposit } }');
    expect(answer).toEqual({ data: { room: { price: 800, deposit: 161 } } });
  });

  test('the client asks for the same field with an argument from a variable', async () => {
    const { answer } = await ask(
      'query Stay($currency: String!) { room(id: "r1") { price(currency: $currency) deposit } }',
      { variables: { currency: 'EUR' } },
    );
    expect(answer).toEqual({ data: { room: { price: 80, deposit: 161 } } });
  });

  test('two requiring fields that differ in the argument are each given their value', async () => {
    const { answer } = await ask('{ rooms { deposit fee } }');
    expect(answer).toEqual({
      data: {
        rooms: [
          { deposit: 161, fee: 802 },
          { deposit: 401, fee: 2002 },
        ],
      },
    });
  });

  test('three requiring fields and the client differ in the argument', async () => {
    const { answer } = await ask('{ room(id: "r1") { price(currency: "USD") deposit fee stars } }');
    expect(answer).toEqual({ data: { room: { price: 160, deposit: 161, fee: 802, stars: 2 } } });
  });

  test('a list is required with an argument', async () => {
    const { answer, representationsSentTo } = await ask('{ room(id: "r1") { welcome } }');
    expect(answer).toEqual({ data: { room: { welcome: 'Ada r1, Ben r1' } } });
    expect(representationsSentTo('desk')).toEqual([
      { __typename: 'Room', id: 'r1', guests: [{ name: 'Ada r1' }, { name: 'Ben r1' }] },
    ]);
  });

  test('the client asks for another part of the list that is required', async () => {
    const { answer } = await ask('{ room(id: "r1") { guests(first: 1) { name nights } welcome } }');
    expect(answer).toEqual({
      data: { room: { guests: [{ name: 'Ada r1', nights: 1 }], welcome: 'Ada r1, Ben r1' } },
    });
  });

  test('a variable with a default gives the length of a list that is required too', async () => {
    const { answer } = await ask(
      `query Stay($first: Int! = 3) {
        room(id: "r2") { farewell ...Some ...Same }
      }
      fragment Some on Room { guests(first: $first) { name } }
      fragment Same on Room { guests(first: $first) { name } }`,
    );
    expect(answer).toEqual({
      data: {
        room: {
          farewell: 'Dev r2: 4',
          guests: [{ name: 'Ada r2' }, { name: 'Ben r2' }, { name: 'Cleo r2' }],
        },
      },
    });
  });

  test('two requiring fields need different parts of one list', async () => {
    const { answer } = await ask('{ room(id: "r1") { welcome farewell } }');
    expect(answer).toEqual({ data: { room: { welcome: 'Ada r1, Ben r1', farewell: 'Dev r1: 4' } } });
  });
});
