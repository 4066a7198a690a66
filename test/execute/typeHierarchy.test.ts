import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { TypeHierarchy } from '../../gateway/execute/typeHierarchy.ts';

const types = new TypeHierarchy(
  parse(`
    interface Node { id: ID }
    interface Item implements Node @join__type(graph: A, isInterfaceObject: true) @join__type(graph: B) { id: ID }
    interface Place @join__type(graph: A, isInterfaceObject: false) { id: ID }
    type Product implements Item & Node { id: ID }
    type Hidden implements Item & Node @inaccessible { id: ID }
    union Thing = Product | Hidden
    enum Color { RED GREY @inaccessible }
  `),
);

describe('execute: the hierarchy of types', () => {
  test.each([
    ['Product', 'Product', true],
    ['Product', 'Item', true],
    ['Product', 'Node', true],
    ['Product', 'Thing', true],
    ['Hidden', 'Item', true],
    ['Item', 'Item', true],
    ['Product', 'Hidden', false],
    ['Item', 'Product', false],
    ['Product', 'Place', false],
    ['Unknown', 'Item', false],
    ['Product', 'Unknown', false],
  ])('%s of %s: %s', (typename, type, expected) => {
    expect(types.isOf(typename, type)).toBe(expected);
  });

  test('knows object types, those that clients do not see too', () => {
    const names = ['Product', 'Hidden', 'Item', 'Thing', 'Unknown', 'constructor'];
    expect(names.filter((name) => types.isObject(name))).toEqual(['Product', 'Hidden']);
  });

  test('knows values of enums by their coordinates', () => {
    const coordinates = ['Color.RED', 'Color.GREY', 'Color.BLUE', 'Product', 'RED', 'Color'];
    expect(coordinates.filter((each) => types.isKnown(each))).toEqual(['Color.RED', 'Color.GREY', 'Product']);
  });

  test('knows which interfaces some subgraph has as objects', () => {
    expect([...types.interfaceObjects]).toEqual(['Item']);
  });
});
