import { type Kysely, sql } from 'kysely';
import { type KeysetOrder, keysetCondition, keysetOrderBy, type Page } from '../host/keyset.ts';

export type LocationKind = 'WAREHOUSE' | 'STORE';
export type ReservationStatus = 'HELD' | 'RELEASED' | 'EXPIRED';

export interface LocationRow {
  id: string;
  kind: LocationKind;
  name: string;
  city: string;
  country: string;
  /** Of stores. */
  address: string | null;
  /** Of warehouses. */
  dispatch_cut_off: string | null;
}

export interface OpeningHoursRow {
  location_id: string;
  /** 0 is Monday. */
  weekday: number;
  opens: string;
  closes: string;
}

export interface StockRow {
  product_id: string;
  location_id: string;
  on_hand: number;
  reserved: number;
  reorder_point: number;
  /** Milliseconds since 1970. */
  updated_at: number;
}

export interface ReservationRow {
  id: string;
  idempotency_key: string;
  request: string;
  product_id: string;
  location_id: string;
  quantity: number;
  status: ReservationStatus;
  created_at: number;
  expires_at: number;
}

/** The tables of `migrations/`. */
export interface InventoryTables {
  locations: LocationRow;
  opening_hours: OpeningHoursRow;
  stock: StockRow;
  reservations: ReservationRow;
}

export interface LocationFilter {
  readonly kind?: LocationKind | null;
  readonly country?: string | null;
}

/** The compound key of a stock level. */
export interface StockKey {
  readonly productId: string;
  readonly locationId: string;
}

export const locationsByName: KeysetOrder<LocationRow> = {
  name: 'LOCATION_NAME',
  columns: [
    { column: 'locations.name', direction: 'asc', type: 'string', value: (location) => location.name },
    { column: 'locations.id', direction: 'asc', type: 'string', value: (location) => location.id },
  ],
};

export const stockByProduct: KeysetOrder<StockRow> = {
  name: 'STOCK_PRODUCT',
  columns: [
    { column: 'stock.product_id', direction: 'asc', type: 'string', value: (stock) => stock.product_id },
  ],
};

/** All SQL of the inventory that reads; what writes is in `reservations.ts`. */
export function inventoryRecords(db: Kysely<InventoryTables>) {
  const filtered = ({ kind, country }: LocationFilter) => {
    let query = db.selectFrom('locations');
    if (kind != null) query = query.where('kind', '=', kind);
    if (country != null) query = query.where('country', '=', country);
    return query;
  };

  return {
    locationsById: (ids: readonly string[]): Promise<LocationRow[]> =>
      db.selectFrom('locations').selectAll().where('id', 'in', ids).execute(),

    locationsOf: (filter: LocationFilter, page: Page): Promise<LocationRow[]> =>
      filtered(filter)
        .selectAll()
        .where(keysetCondition(locationsByName, page))
        .orderBy(keysetOrderBy(locationsByName, page))
        .limit(page.limit + 1)
        .execute(),

    async countLocations(filter: LocationFilter): Promise<number> {
      const row = await filtered(filter)
        .select((from) => from.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return row.count;
    },

    async storeCountries(): Promise<ReadonlySet<string>> {
      const rows = await db
        .selectFrom('locations')
        .select('country')
        .distinct()
        .where('kind', '=', 'STORE')
        .execute();
      return new Set(rows.map((row) => row.country));
    },

    openingHoursOf: (locationIds: readonly string[]): Promise<OpeningHoursRow[]> =>
      db
        .selectFrom('opening_hours')
        .selectAll()
        .where('location_id', 'in', locationIds)
        .orderBy('weekday')
        .execute(),

    stockOfProducts: (productIds: readonly string[]): Promise<StockRow[]> =>
      db
        .selectFrom('stock')
        .selectAll()
        .where('product_id', 'in', productIds)
        .orderBy((from) => from('on_hand', '-', from.ref('reserved')), 'desc')
        .orderBy('location_id')
        .execute(),

    stockByKeys: (keys: readonly StockKey[]): Promise<StockRow[]> =>
      db
        .selectFrom('stock')
        .selectAll()
        .where(
          // both columns are narrowed, and the pairs are compared: an index serves the first, the second is exact
          sql<boolean>`product_id in (${sql.join(keys.map((key) => key.productId))}) and (${sql.join(
            keys.map((key) => sql`(product_id = ${key.productId} and location_id = ${key.locationId})`),
            sql` or `,
          )})`,
        )
        .execute(),

    /** A page of what each location keeps, in one statement. */
    async stockUnder(locationIds: readonly string[], page: Page): Promise<Map<string, StockRow[]>> {
      const rows = await db
        .with('numbered', () =>
          db
            .selectFrom('stock')
            .selectAll()
            .select(
              sql<number>`row_number() over (partition by stock.location_id order by ${keysetOrderBy(stockByProduct, page)})`.as(
                'position',
              ),
            )
            .where('location_id', 'in', locationIds)
            .where(keysetCondition(stockByProduct, page)),
        )
        .selectFrom('numbered')
        .selectAll()
        .where('position', '<=', page.limit + 1)
        .orderBy('position')
        .execute();
      const groups = new Map<string, StockRow[]>(locationIds.map((id) => [id, []]));
      for (const row of rows) groups.get(row.location_id)?.push(row);
      return groups;
    },

    async countStockUnder(locationIds: readonly string[]): Promise<Map<string, number>> {
      const rows = await db
        .selectFrom('stock')
        .select((from) => ['location_id', from.fn.countAll<number>().as('count')])
        .where('location_id', 'in', locationIds)
        .groupBy('location_id')
        .execute();
      return new Map(rows.map((row) => [row.location_id, row.count]));
    },

    reservationsById: (ids: readonly string[]): Promise<ReservationRow[]> =>
      db.selectFrom('reservations').selectAll().where('id', 'in', ids).execute(),
  };
}

export type InventoryRecords = ReturnType<typeof inventoryRecords>;
