import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { DataObject } from '../../gateway/execute/data.ts';
import { compileRepresentations, Representations } from '../../gateway/execute/representations.ts';
import { TypeHierarchy } from '../../gateway/execute/typeHierarchy.ts';
import type { EntityLookup, RequiresSelection } from '../../gateway/plan/queryPlan.ts';

const types = new TypeHierarchy(
  parse(`
    interface Item { id: ID }
    type Product implements Item { id: ID }
    type Service implements Item { id: ID }
    union Thing = Product
    type Other { id: ID }
  `),
);

const field = (name: string, ...selections: RequiresSelection[]): RequiresSelection => ({
  kind: 'field',
  name,
  key: name,
  selections,
});
const on = (type: string | undefined, ...selections: RequiresSelection[]): RequiresSelection => ({
  kind: 'fragment',
  type,
  selections,
});

function representationOf(
  object: DataObject,
  requires: readonly RequiresSelection[],
  more: Partial<EntityLookup> = {},
): string | undefined {
  const lookup: EntityLookup = {
    responseKey: '_entities',
    variable: 'representations',
    paths: [],
    requires,
    inputRewrites: [],
    outputRewrites: [],
    ...more,
  };
  const representations = new Representations(compileRepresentations(lookup, types));
  const index = representations.indexOf(object);
  // the same object once more is the same representation
  expect(representations.indexOf({ ...object })).toBe(index);
  expect(representations.texts.length).toBe(index + 1);
  return representations.texts[index];
}

const product = { __typename: 'Product', id: '1' };
const ofProduct = on('Product', field('__typename'), field('id'));

describe('execute: representations', () => {
  test.each([
    ['its own type', 'Product'],
    ['an interface of it', 'Item'],
    ['a union of it', 'Thing'],
    ['no type', undefined],
  ])('an object is represented by a fragment on %s', (_name, type) => {
    expect(representationOf(product, [on(type, field('__typename'), field('id'))])).toBe(
      '{"__typename":"Product","id":"1"}',
    );
  });

  test('an object of another type has none', () => {
    expect(representationOf({ __typename: 'Other', id: '1' }, [ofProduct])).toBeUndefined();
  });

  test.each([[{ id: '1' }], [{ __typename: null, id: '1' }], [{ __typename: 7, id: '1' }]])(
    'an object whose type is not known has none: %j',
    (object) => {
      expect(representationOf(object, [ofProduct])).toBeUndefined();
    },
  );

  test('each type has the fields of its own fragments', () => {
    const requires = [ofProduct, on('Service', field('__typename'), field('id'), field('code'))];
    expect([
      representationOf(product, requires),
      representationOf({ __typename: 'Service', id: '2', code: 7 }, requires),
    ]).toEqual(['{"__typename":"Product","id":"1"}', '{"__typename":"Service","id":"2","code":7}']);
  });

  test('a field that was never fetched leaves none', () => {
    expect(representationOf(product, [ofProduct, on('Product', field('price'))])).toBeUndefined();
  });

  test('a field that is null is sent as null', () => {
    expect(representationOf({ ...product, price: null }, [ofProduct, on('Item', field('price'))])).toBe(
      '{"__typename":"Product","id":"1","price":null}',
    );
  });

  test('what objects inherit is no field of theirs', () => {
    expect(representationOf(product, [ofProduct, on('Product', field('constructor'))])).toBeUndefined();
  });

  test('a value stands under its name, wherever it is in the data', () => {
    const priced: RequiresSelection = { kind: 'field', name: 'price', key: 'price_1', selections: [] };
    expect(representationOf({ ...product, price: 1, price_1: 2 }, [ofProduct, on('Product', priced)])).toBe(
      '{"__typename":"Product","id":"1","price":2}',
    );
  });

  test('a field that several fragments name is sent once, its selections merged', () => {
    const requires = [
      on('Item', field('maker', field('name'))),
      on('Product', field('maker', field('city')), field('maker', field('name'))),
    ];
    expect(representationOf({ ...product, maker: { name: 'Ann', city: 'Bern', age: 7 } }, requires)).toBe(
      '{"maker":{"name":"Ann","city":"Bern"}}',
    );
  });

  test('lists of objects, lists of lists and nulls in them keep their places', () => {
    const requires = [on('Product', field('parts', field('id')))];
    expect(representationOf({ ...product, parts: [{ id: 1, x: 2 }, null, [{ id: 3 }, []]] }, requires)).toBe(
      '{"parts":[{"id":1},null,[{"id":3},[]]]}',
    );
  });

  test('one part of a list that lacks a field leaves none', () => {
    const requires = [on('Product', field('parts', field('id')))];
    expect(representationOf({ ...product, parts: [{ id: 1 }, {}] }, requires)).toBeUndefined();
  });

  test('an object below is sent by the fragments on its own type', () => {
    const requires = [
      on(
        'Product',
        field('best', field('__typename'), on('Product', field('id')), on('Service', field('code'))),
      ),
    ];
    const best = { __typename: 'Service', id: '2', code: 7 };
    expect(representationOf({ ...product, best }, requires)).toBe(
      '{"best":{"__typename":"Service","code":7}}',
    );
  });

  test('a value without selections is sent as it is', () => {
    const requires = [on('Product', field('size'))];
    expect(representationOf({ ...product, size: { w: [1, 'é"'] } }, requires)).toBe(
      '{"size":{"w":[1,"é\\""]}}',
    );
  });

  test('texts are escaped', () => {
    expect(representationOf({ __typename: 'Product', id: 'a"\\\n\ud800' }, [ofProduct])).toBe(
      '{"__typename":"Product","id":"a\\"\\\\\\n\\ud800"}',
    );
  });

  test('rewrites change what is sent, and not the data', () => {
    const object = { ...product };
    const text = representationOf(object, [ofProduct], {
      inputRewrites: [
        {
          kind: 'setValue',
          path: [
            { kind: 'types', types: ['Product'] },
            { kind: 'key', name: '__typename' },
          ],
          value: 'Item',
        },
      ],
    });
    expect([text, object]).toEqual(['{"__typename":"Item","id":"1"}', product]);
  });
});

describe('execute: equal representations', () => {
  const both = [on('Item', field('__typename'), field('id'), field('size'))];
  const indexesOf = (objects: readonly DataObject[], requires = both): unknown => {
    const lookup: EntityLookup = {
      responseKey: '_entities',
      variable: 'representations',
      paths: [],
      requires,
      inputRewrites: [],
      outputRewrites: [],
    };
    const representations = new Representations(compileRepresentations(lookup, types));
    const indexes = objects.map((object) => representations.indexOf(object));
    return [indexes, representations.texts];
  };

  test('are one, whatever else the objects have', () => {
    expect(
      indexesOf([
        { ...product, size: 1, name: 'Tea' },
        { ...product, size: 1 },
        { ...product, size: 2 },
      ]),
    ).toEqual([
      [0, 0, 1],
      ['{"__typename":"Product","id":"1","size":1}', '{"__typename":"Product","id":"1","size":2}'],
    ]);
  });

  test('differ by the type of the object, and of each value', () => {
    const [indexes] = indexesOf([
      { ...product, size: 1 },
      { ...product, size: '1' },
      { ...product, size: null },
      { ...product, size: true },
      { ...product, __typename: 'Service', size: 1 },
    ]) as [number[]];
    expect(indexes).toEqual([0, 1, 2, 3, 4]);
  });

  test('are told by their whole text where a value is an object or a list', () => {
    expect(
      indexesOf([
        { ...product, size: [1, { a: 2 }] },
        { ...product, size: [1, { a: 2 }] },
        { ...product, size: 1 },
        { ...product, size: [1, { a: 3 }] },
      ]),
    ).toEqual([[0, 0, 1, 2], expect.any(Array)]);
  });

  test('a text that joins two values is not taken for one of two others', () => {
    const [indexes] = indexesOf([
      { ...product, id: '1', size: '2,3' },
      { ...product, id: '1,2', size: '3' },
    ]) as [number[]];
    expect(indexes).toEqual([0, 1]);
  });
});
