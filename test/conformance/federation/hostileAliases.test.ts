import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * GraphQL section 2.7 and 6.3.2: the client chooses the response keys, and an alias may be the name of any other field.
 * What the gateway fetches for itself, keys, required fields and `__typename`, must not meet it.
 */
describe.each(enginesUnderTest)(
  'conformance: aliases equal to what the gateway fetches itself (%s)',
  (engine) => {
    const cheeses = [
      { id: 'c1', name: 'Brie', age: 2, fat: 45 },
      { id: 'c2', name: 'Gouda', age: 12, fat: 30 },
    ];
    const cheeseOf = ({ id }: { id: string }) => cheeses.find((cheese) => cheese.id === id) ?? null;
    const { ask, test } = federatedGraph(engine, {
      dairy: {
        sdl: `${federation2}
        type Query { cheeses: [Cheese!]! cheese(id: ID!): Cheese snack: Snack boards: [Board!]! }
        union Snack = Cheese | Bread
        type Bread { name: String! }
        type Cheese @key(fields: "id") { id: ID! name: String! age: Int! fat: Int! region: Region! }
        type Region { name: String! code: Int! }
        type Board @key(fields: "maker { id } number") { maker: Maker! number: Int! wood: String! }
        type Maker { id: ID! name: String! }`,
        resolvers: {
          Query: {
            cheeses: () => cheeses,
            cheese: (_: unknown, reference: { id: string }) => cheeseOf(reference),
            snack: () => ({ __typename: 'Cheese', ...cheeses[0] }),
            boards: () => [{ maker: { id: 'k1', name: 'Kim' }, number: 7, wood: 'oak' }],
          },
          Cheese: {
            __resolveReference: cheeseOf,
            region: ({ id }: { id: string }) => ({ name: `near ${id}`, code: 5 }),
          },
        },
      },
      shop: {
        sdl: `${federation2}
        type Cheese @key(fields: "id") {
          id: ID!
          age: Int! @external
          region: Region! @external
          cost: Int! @requires(fields: "age")
          origin: String! @requires(fields: "region { code }")
          stock: Int!
          label(text: String): String!
        }
        type Region { code: Int! @external }
        type Board @key(fields: "number maker { id }") { maker: Maker! number: Int! price: Int! }
        type Maker { id: ID! @shareable }`,
        resolvers: {
          Cheese: {
            cost: ({ age }: { age: number }) => age * 10,
            origin: ({ region }: { region: { code: number } }) => `code ${region.code}`,
            stock: ({ id }: { id: string }) => (id === 'c1' ? 3 : 8),
            label: (_: unknown, { text }: { text?: string }) => text ?? 'none',
          },
          Board: {
            price: ({ number, maker }: { number: number; maker: { id: string } }) => number + maker.id.length,
          },
        },
      },
    });
    const both = (first: object, second: object) => ({ data: { cheeses: [first, second] } });

    test('an alias equal to the key', async () => {
      const { answer } = await ask('{ cheeses { id: name stock } }');
      expect(answer).toEqual(both({ id: 'Brie', stock: 3 }, { id: 'Gouda', stock: 8 }));
    });

    test('an alias equal to the key, with the key under another alias', async () => {
      const { answer } = await ask('{ cheeses { id: name name: id stock } }');
      expect(answer).toEqual(
        both({ id: 'Brie', name: 'c1', stock: 3 }, { id: 'Gouda', name: 'c2', stock: 8 }),
      );
    });

    test('an alias equal to the key, of a field of the other subgraph', async () => {
      const { answer } = await ask('{ cheeses { id: stock name } }');
      expect(answer).toEqual(both({ id: 3, name: 'Brie' }, { id: 8, name: 'Gouda' }));
    });

    test('an alias equal to the key, of another type', async () => {
      const { answer } = await ask('{ cheeses { id: fat stock } }');
      expect(answer).toEqual(both({ id: 45, stock: 3 }, { id: 30, stock: 8 }));
    });

    test('an alias equal to a required field', async () => {
      const { answer } = await ask('{ cheeses { age: fat cost } }');
      expect(answer).toEqual(both({ age: 45, cost: 20 }, { age: 30, cost: 120 }));
    });

    test('an alias equal to a required field, of the requiring field', async () => {
      const { answer } = await ask('{ cheeses { age: cost } }');
      expect(answer).toEqual(both({ age: 20 }, { age: 120 }));
    });

    test('an alias equal to a required object', async () => {
      const { answer } = await ask('{ cheeses { region: name origin } }');
      expect(answer).toEqual(
        both({ region: 'Brie', origin: 'code 5' }, { region: 'Gouda', origin: 'code 5' }),
      );
    });

    test('an alias equal to a field inside a required object', async () => {
      const { answer } = await ask('{ cheeses { region { code: name } origin } }');
      expect(answer).toEqual(
        both(
          { region: { code: 'near c1' }, origin: 'code 5' },
          { region: { code: 'near c2' }, origin: 'code 5' },
        ),
      );
    });

    test('an alias equal to the requiring field', async () => {
      const { answer } = await ask('{ cheeses { cost: fat real: cost } }');
      expect(answer).toEqual(both({ cost: 45, real: 20 }, { cost: 30, real: 120 }));
    });

    test('`__typename` as an alias', async () => {
      const { answer } = await ask('{ cheeses { __typename: name cost } }');
      expect(answer).toEqual(both({ __typename: 'Brie', cost: 20 }, { __typename: 'Gouda', cost: 120 }));
    });

    test('`__typename` as an alias of a number, with the type under another alias', async () => {
      const { answer } = await ask('{ cheeses { __typename: fat type: __typename stock } }');
      expect(answer).toEqual(
        both({ __typename: 45, type: 'Cheese', stock: 3 }, { __typename: 30, type: 'Cheese', stock: 8 }),
      );
    });

    test('`__typename` as an alias in a member of a union', async () => {
      const { answer } = await ask(
        '{ snack { ... on Cheese { __typename: name stock } ... on Bread { name } } }',
      );
      expect(answer).toEqual({ data: { snack: { __typename: 'Brie', stock: 3 } } });
    });

    test('aliases of nested key fields, crossed', async () => {
      const { answer } = await ask('{ boards { number: wood maker { id: name name: id } price } }');
      expect(answer).toEqual({
        data: { boards: [{ number: 'oak', maker: { id: 'Kim', name: 'k1' }, price: 9 }] },
      });
    });

    test('an alias equal to the object of a nested key', async () => {
      const { answer } = await ask('{ boards { maker: number price } }');
      expect(answer).toEqual({ data: { boards: [{ maker: 7, price: 9 }] } });
    });

    test('`_entities`, `_service` and `representations` as aliases', async () => {
      const { answer } = await ask(
        '{ _entities: cheese(id: "c1") { _service: name representations: cost data: stock errors: fat } }',
      );
      expect(answer).toEqual({
        data: { _entities: { _service: 'Brie', representations: 20, data: 3, errors: 45 } },
      });
    });

    test('`representations` as a variable of the client', async () => {
      const { answer } = await ask(
        'query Label($representations: String, $representations_0: ID!) { cheese(id: $representations_0) { label(text: $representations) } }',
        { variables: { representations: 'fresh', representations_0: 'c2' } },
      );
      expect(answer).toEqual({ data: { cheese: { label: 'fresh' } } });
    });

    test('one field under two aliases with other arguments, below two aliases of one entity', async () => {
      const { answer } = await ask(
        '{ a: cheese(id: "c1") { x: label(text: "1") y: label label: label(text: "2") } b: cheese(id: "c2") { x: label(text: "3") y: stock } }',
      );
      expect(answer).toEqual({
        data: { a: { x: '1', y: 'none', label: '2' }, b: { x: '3', y: 8 } },
      });
    });

    test('an alias on every field', async () => {
      const { answer } = await ask(
        '{ all: cheeses { key: id title: name years: age price: cost where: region { n: name } from: origin t: __typename } }',
      );
      expect(answer).toEqual({
        data: {
          all: [
            {
              key: 'c1',
              title: 'Brie',
              years: 2,
              price: 20,
              where: { n: 'near c1' },
              from: 'code 5',
              t: 'Cheese',
            },
            {
              key: 'c2',
              title: 'Gouda',
              years: 12,
              price: 120,
              where: { n: 'near c2' },
              from: 'code 5',
              t: 'Cheese',
            },
          ],
        },
      });
    });
  },
);
