import DataLoader from 'dataloader';
import { groupLoader, parentLoader, rowLoader } from '../host/batchLoaders.ts';
import type { Page } from '../host/keyset.ts';
import type { Principal } from '../host/principal.ts';
import type { InventoryRecords, StockKey, StockRow } from './records.ts';
import type { ReservationRecords } from './reservations.ts';

/** What the resolvers of one request share. */
export interface InventoryContext {
  readonly records: InventoryRecords;
  readonly reservations: ReservationRecords;
  readonly loaders: InventoryLoaders;
  /** Who asks. */
  readonly principal: Principal;
}

/** Makes the loaders of one request. */
export function inventoryLoaders(records: InventoryRecords) {
  const stockKey = ({ productId, locationId }: StockKey) => JSON.stringify([productId, locationId]);
  let storeCountries: Promise<ReadonlySet<string>> | undefined;
  return {
    locationById: rowLoader(records.locationsById, (location) => location.id),
    reservationById: rowLoader(records.reservationsById, (reservation) => reservation.id),
    openingHoursByLocation: groupLoader(records.openingHoursOf, (row) => row.location_id),
    stockByProduct: groupLoader(records.stockOfProducts, (row) => row.product_id),
    stockByKey: new DataLoader<StockKey, StockRow | null, string>(
      async (keys) => {
        const rows = new Map(
          (await records.stockByKeys(keys)).map((row) => [
            stockKey({ productId: row.product_id, locationId: row.location_id }),
            row,
          ]),
        );
        return keys.map((key) => rows.get(stockKey(key)) ?? null);
      },
      // a pair is two alternatives of a condition, and SQLite allows a thousand of them
      { maxBatchSize: 200, cacheKeyFn: stockKey },
    ),
    stockUnder: parentLoader<Page, readonly StockRow[]>(records.stockUnder, () => []),
    stockCountUnder: parentLoader<null, number>(
      (locationIds) => records.countStockUnder(locationIds),
      () => 0,
    ),
    /** The countries with a store, read at most once a request. */
    storeCountries(): Promise<ReadonlySet<string>> {
      storeCountries ??= records.storeCountries();
      return storeCountries;
    },
  };
}

export type InventoryLoaders = ReturnType<typeof inventoryLoaders>;
