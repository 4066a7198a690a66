import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * GraphQL section 3.13.1 and 3.13.2: a selection is executed if `@skip` does not hold and `@include` does. A selection
 * that is left out needs no request, and neither do the fields that it requires.
 */
describe.each(enginesUnderTest)('conformance: @include and @skip (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    menu: {
      sdl: `${federation2}
        type Query { dish: Dish dishes: [Dish!]! hour: Int! }
        type Dish @key(fields: "id") { id: ID! name: String! grams: Int! tags(max: Int): [String!]! }`,
      resolvers: {
        Query: { dish: () => ({ id: 'd1' }), dishes: () => [{ id: 'd1' }, { id: 'd2' }], hour: () => 12 },
        Dish: { name: ({ id }: { id: string }) => `dish ${id}`, grams: () => 300, tags: () => ['vegan'] },
      },
    },
    kitchen: {
      sdl: `${federation2}
        type Query { chef: Chef }
        type Dish @key(fields: "id") {
          id: ID!
          grams: Int! @external
          minutes: Int! @requires(fields: "grams")
          chef: Chef
        }
        type Chef { name: String! dishes: [Dish!]! }`,
      resolvers: {
        Query: { chef: () => ({ name: 'Ono', dishes: [{ id: 'd1' }] }) },
        Dish: {
          minutes: ({ grams }: { grams: number }) => grams / 10,
          chef: () => ({ name: 'Ono', dishes: [{ id: 'd2' }] }),
        },
      },
    },
  });
  test('@include(if: false) on the only field of a subgraph saves its request', async () => {
    const { answer, asked } = await ask(
      'query Dish($wants: Boolean!) { dish { name minutes @include(if: $wants) } }',
      {
        variables: { wants: false },
      },
    );
    expect(answer).toEqual({ data: { dish: { name: 'dish d1' } } });
    expect(asked).toEqual(['menu']);
  });

  test('@skip(if: true) on the only field of a subgraph saves its request', async () => {
    const { answer, asked } = await ask(
      'query Dish($busy: Boolean!) { dish { name minutes @skip(if: $busy) } }',
      {
        variables: { busy: true },
      },
    );
    expect(answer).toEqual({ data: { dish: { name: 'dish d1' } } });
    expect(asked).toEqual(['menu']);
  });

  test('a field with a condition that holds gets what it requires', async () => {
    const { answer } = await ask('query Dish($wants: Boolean!) { dish { minutes @include(if: $wants) } }', {
      variables: { wants: true },
    });
    expect(answer).toEqual({ data: { dish: { minutes: 30 } } });
  });

  test('one document gives both answers, as the variable says', async () => {
    const document = 'query Dish($wants: Boolean!) { dishes { id minutes @include(if: $wants) } }';
    const { answer: without } = await ask(document, { variables: { wants: false } });
    const { answer: with_ } = await ask(document, { variables: { wants: true } });
    expect([without, with_]).toEqual([
      { data: { dishes: [{ id: 'd1' }, { id: 'd2' }] } },
      {
        data: {
          dishes: [
            { id: 'd1', minutes: 30 },
            { id: 'd2', minutes: 30 },
          ],
        },
      },
    ]);
  });

  test('conditions as constants', async () => {
    const { answer, asked } = await ask(
      '{ dish { id @include(if: true) name @skip(if: true) grams @skip(if: false) minutes @include(if: false) } }',
    );
    expect(answer).toEqual({ data: { dish: { id: 'd1', grams: 300 } } });
    expect(asked).toEqual(['menu']);
  });

  test('conditions from the defaults of variables', async () => {
    const { answer } = await ask(
      'query Dish($yes: Boolean = true, $no: Boolean = false, $ask: Boolean!) { dish { a: minutes @include(if: $yes) b: minutes @include(if: $no) c: name @skip(if: $no) d: name @skip(if: $ask) } }',
      { variables: { ask: true } },
    );
    expect(answer).toEqual({ data: { dish: { a: 30, c: 'dish d1' } } });
  });

  test('both directives on one field, all four ways', async () => {
    const { answer } = await ask(
      `query Dish($yes: Boolean = true, $no: Boolean = false, $ask: Boolean!) { dish {
        a: minutes @skip(if: $no) @include(if: $ask)
        b: minutes @skip(if: $ask) @include(if: $yes)
        c: minutes @skip(if: $no) @include(if: $no)
        d: minutes @skip(if: $yes) @include(if: $no)
      } }`,
      { variables: { ask: true } },
    );
    expect(answer).toEqual({ data: { dish: { a: 30 } } });
  });

  test('a condition inside a condition', async () => {
    const { answer } = await ask(
      'query Dish($no: Boolean = false, $ask: Boolean!) { dish { chef @include(if: $ask) { name dishes @skip(if: $no) { id name @include(if: $ask) minutes @skip(if: $ask) } } } }',
      { variables: { ask: true } },
    );
    expect(answer).toEqual({
      data: { dish: { chef: { name: 'Ono', dishes: [{ id: 'd2', name: 'dish d2' }] } } },
    });
  });

  test('a condition on an inline fragment without a type', async () => {
    const { answer, asked } = await ask(
      'query Dish($ask: Boolean!) { dish { id ... @include(if: $ask) { name minutes } } }',
      {
        variables: { ask: false },
      },
    );
    expect(answer).toEqual({ data: { dish: { id: 'd1' } } });
    expect(asked).toEqual(['menu']);
  });

  test('a condition on the spread of a named fragment', async () => {
    const { answer } = await ask(
      `query Dish($ask: Boolean!) { dish { ...Slow @skip(if: $ask) ...Quick @include(if: $ask) } }
      fragment Slow on Dish { minutes chef { name } }
      fragment Quick on Dish { id minutes }`,
      { variables: { ask: true } },
    );
    expect(answer).toEqual({ data: { dish: { id: 'd1', minutes: 30 } } });
  });

  test('a field that is once with and once without a condition is answered', async () => {
    const { answer } = await ask(
      'query Dish($ask: Boolean!) { dish { minutes @include(if: $ask) ... { minutes } } }',
      {
        variables: { ask: false },
      },
    );
    expect(answer).toEqual({ data: { dish: { minutes: 30 } } });
  });

  test('one field under two conditions is answered if either holds', async () => {
    const { answer } = await ask(
      'query Dish($ask: Boolean!) { dish { chef @include(if: $ask) { name } chef @skip(if: $ask) { dishes { id } } } }',
      { variables: { ask: false } },
    );
    expect(answer).toEqual({ data: { dish: { chef: { dishes: [{ id: 'd2' }] } } } });
  });

  test('conditions on root fields of two subgraphs', async () => {
    const { answer, fieldsAskedOf } = await ask(
      'query Dish($ask: Boolean!) { hour @skip(if: $ask) dish @skip(if: $ask) { id } chef @include(if: $ask) { name } }',
      { variables: { ask: true } },
    );
    expect(answer).toEqual({ data: { chef: { name: 'Ono' } } });
    expect(fieldsAskedOf('menu')).toEqual([]);
  });

  test('all selections left out are an empty object, and nothing is resolved', async () => {
    const { answer, fieldsAskedOf } = await ask(
      'query Dish($no: Boolean = false, $ask: Boolean!) { hour @include(if: $no) chef @skip(if: $ask) { name } }',
      {
        variables: { ask: true },
      },
    );
    expect(answer).toEqual({ data: {} });
    expect([fieldsAskedOf('menu'), fieldsAskedOf('kitchen')]).toEqual([[], []]);
  });

  test('all selections of an object left out are an empty object', async () => {
    const { answer } = await ask(
      'query Dish($no: Boolean = false, $ask: Boolean!) { dish { name @include(if: $no) minutes @skip(if: $ask) } }',
      {
        variables: { ask: true },
      },
    );
    expect(answer).toEqual({ data: { dish: {} } });
  });

  test('a condition on __typename', async () => {
    const { answer } = await ask(
      'query Dish($no: Boolean = false, $ask: Boolean!) { __typename @skip(if: $ask) dish { __typename @include(if: $no) kind: __typename @include(if: $ask) } }',
      { variables: { ask: true } },
    );
    expect(answer).toEqual({ data: { dish: { kind: 'Dish' } } });
  });

  test('a left out field with @requires leaves its neighbours alone', async () => {
    const { answer, fieldsAskedOf } = await ask(
      'query Dish($ask: Boolean!) { dish { id minutes @include(if: $ask) chef { name } } }',
      {
        variables: { ask: false },
      },
    );
    expect(answer).toEqual({ data: { dish: { id: 'd1', chef: { name: 'Ono' } } } });
    expect(fieldsAskedOf('kitchen')).toEqual(['chef', 'name']);
  });
});
