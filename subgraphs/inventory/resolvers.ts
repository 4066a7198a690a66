import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import {
  GraphQLCountryCode,
  GraphQLCurrency,
  GraphQLDateTime,
  GraphQLLocalTime,
  GraphQLNonNegativeInt,
  GraphQLPositiveInt,
} from 'graphql-scalars';
import { SubgraphError } from '../host/errors.ts';
import { type PageArguments, readPage, toConnection } from '../host/keyset.ts';
import { byKeys } from '../host/references.ts';
import type { InventoryContext } from './loaders.ts';
import {
  type LocationFilter,
  type LocationRow,
  locationsByName,
  type OpeningHoursRow,
  type ReservationRow,
  type StockRow,
  stockByProduct,
} from './records.ts';
import type { ReservationRequest } from './reservations.ts';
import { estimateShipping, type Parcel, type ShippingMethod } from './shipping.ts';

const maxQuantity = 100;
const maxMinutes = 24 * 60;
const weekdays = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;

/** What other subgraphs know of a product, and with `@requires` the fields of a parcel. */
type ProductReference = { readonly id: string } & Partial<Parcel>;

interface StockReference {
  readonly product?: { readonly id?: string };
  readonly locationId?: string;
}

function checkRequest(request: ReservationRequest): void {
  const { quantity, minutes, idempotencyKey, productId } = request;
  const problem =
    (quantity > maxQuantity && `\`quantity\` must be ${maxQuantity} at most, not ${quantity}.`) ||
    ((minutes < 1 || minutes > maxMinutes) &&
      `\`minutes\` must be between 1 and ${maxMinutes}, not ${minutes}.`) ||
    ((idempotencyKey.length < 8 || idempotencyKey.length > 100) &&
      '`idempotencyKey` must have 8 to 100 characters.') ||
    ((productId === '' || productId.length > 100) && '`productId` must have 1 to 100 characters.');
  if (problem) throw new SubgraphError('BAD_USER_INPUT', problem);
}

async function shippingEstimate(
  product: ProductReference,
  to: { readonly country: string; readonly method: ShippingMethod },
  { loaders }: InventoryContext,
) {
  const { price, currency, weightGrams } = product;
  if (price === undefined || currency === undefined || weightGrams === undefined) {
    throw new SubgraphError('BAD_USER_INPUT', 'The estimate needs `price`, `currency` and `weightGrams`.');
  }
  return estimateShipping({ price, currency, weightGrams }, to, await loaders.storeCountries());
}

/** The fields that both kinds of locations have. */
const locationFields = {
  __resolveReference: byKeys('Location', ({ loaders }: InventoryContext) => ({ id: loaders.locationById })),
  async stock(location: LocationRow, given: PageArguments, { loaders }: InventoryContext) {
    const page = readPage(given, stockByProduct);
    const rows = await loaders.stockUnder.load({ parent: location.id, question: page });
    return {
      ...toConnection(rows, page, stockByProduct),
      totalCount: () => loaders.stockCountUnder.load({ parent: location.id, question: null }),
    };
  },
};

export const inventoryResolvers: GraphQLResolverMap<InventoryContext> = {
  CountryCode: GraphQLCountryCode,
  Currency: GraphQLCurrency,
  DateTime: GraphQLDateTime,
  LocalTime: GraphQLLocalTime,
  NonNegativeInt: GraphQLNonNegativeInt,
  PositiveInt: GraphQLPositiveInt,

  Query: {
    async locations(_root, given: PageArguments & { readonly filter?: LocationFilter | null }, { records }) {
      const page = readPage(given, locationsByName);
      const filter = given.filter ?? {};
      const rows = await records.locationsOf(filter, page);
      return {
        ...toConnection(rows, page, locationsByName),
        totalCount: () => records.countLocations(filter),
      };
    },
    location: (_root, { id }: { id: string }, { loaders }) => loaders.locationById.load(id),
    stockLevel: (_root, key: { productId: string; locationId: string }, { loaders }) =>
      loaders.stockByKey.load(key),
    reservation: (_root, { id }: { id: string }, { loaders }) => loaders.reservationById.load(id),
  },

  Mutation: {
    reserveStock(
      _root,
      { input }: { input: Omit<ReservationRequest, 'locationId'> & { readonly locationId?: string | null } },
      { reservations },
    ) {
      const request: ReservationRequest = { ...input, locationId: input.locationId ?? null };
      checkRequest(request);
      return reservations.reserve(request, Date.now());
    },
    releaseReservation: (_root, { id }: { id: string }, { reservations }) =>
      reservations.release(id, Date.now()),
  },

  // the inventory does not own products: any id is one, and what is not kept anywhere is out of stock
  Product: {
    __resolveReference: (reference: ProductReference) => reference,
    inStock: async (product: ProductReference, _arguments, { loaders }) =>
      (await loaders.stockByProduct.load(product.id)).some((row) => row.on_hand > row.reserved),
    stock: (product: ProductReference, _arguments, { loaders }) => loaders.stockByProduct.load(product.id),
    shippingEstimate,
  },

  StockLevel: {
    async __resolveReference({ product, locationId }: StockReference, { loaders }: InventoryContext) {
      if (product?.id !== undefined && locationId !== undefined) {
        return loaders.stockByKey.load({ productId: product.id, locationId });
      }
      throw new SubgraphError(
        'BAD_USER_INPUT',
        'A reference to a StockLevel needs `product { id }` and `locationId`.',
      );
    },
    product: (stock: StockRow) => ({ id: stock.product_id }),
    locationId: (stock: StockRow) => stock.location_id,
    location: (stock: StockRow, _arguments, { loaders }) => loaders.locationById.load(stock.location_id),
    onHand: (stock: StockRow) => stock.on_hand,
    available: (stock: StockRow) => stock.on_hand - stock.reserved,
    reorderPoint: (stock: StockRow) => stock.reorder_point,
    updatedAt: (stock: StockRow) => new Date(stock.updated_at),
  },

  Location: {
    __resolveType: (location: LocationRow) => (location.kind === 'STORE' ? 'Store' : 'Warehouse'),
    __resolveReference: locationFields.__resolveReference,
  },
  Warehouse: {
    ...locationFields,
    dispatchCutOff: (location: LocationRow) => location.dispatch_cut_off,
  },
  Store: {
    ...locationFields,
    openingHours: (location: LocationRow, _arguments, { loaders }) =>
      loaders.openingHoursByLocation.load(location.id),
  },
  OpeningHours: {
    day: (row: OpeningHoursRow) => weekdays[row.weekday],
  },

  Reservation: {
    __resolveReference: byKeys('Reservation', ({ loaders }: InventoryContext) => ({
      id: loaders.reservationById,
    })),
    product: (reservation: ReservationRow) => ({ id: reservation.product_id }),
    location: (reservation: ReservationRow, _arguments, { loaders }) =>
      loaders.locationById.load(reservation.location_id),
    createdAt: (reservation: ReservationRow) => new Date(reservation.created_at),
    expiresAt: (reservation: ReservationRow) => new Date(reservation.expires_at),
  },
};
