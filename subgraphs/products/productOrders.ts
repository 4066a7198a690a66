import type { KeysetColumn, KeysetOrder } from '../host/keyset.ts';
import type { ProductRow } from './records.ts';

/** The values of the enum `ProductOrder`. */
export type ProductOrderName = 'NAME' | 'PRICE_LOW_TO_HIGH' | 'PRICE_HIGH_TO_LOW' | 'NEWEST' | 'POPULARITY';

const id: KeysetColumn<ProductRow> = {
  column: 'products.id',
  direction: 'asc',
  type: 'string',
  value: (product) => product.id,
};

const price = (direction: 'asc' | 'desc'): KeysetColumn<ProductRow> => ({
  column: 'products.price',
  direction,
  type: 'number',
  value: (product) => product.price,
});

/** Each order of the products, with the id last, so that equal prices still have an order. */
export const productOrders: Readonly<Record<ProductOrderName, KeysetOrder<ProductRow>>> = {
  NAME: {
    name: 'NAME',
    columns: [
      { column: 'products.name', direction: 'asc', type: 'string', value: (product) => product.name },
      id,
    ],
  },
  PRICE_LOW_TO_HIGH: { name: 'PRICE_LOW_TO_HIGH', columns: [price('asc'), id] },
  PRICE_HIGH_TO_LOW: { name: 'PRICE_HIGH_TO_LOW', columns: [price('desc'), id] },
  NEWEST: {
    name: 'NEWEST',
    columns: [
      {
        column: 'products.added_at',
        direction: 'desc',
        type: 'number',
        value: (product) => product.added_at,
      },
      id,
    ],
  },
  POPULARITY: {
    name: 'POPULARITY',
    columns: [
      {
        column: 'products.popularity',
        direction: 'desc',
        type: 'number',
        value: (product) => product.popularity,
      },
      id,
    ],
  },
};
