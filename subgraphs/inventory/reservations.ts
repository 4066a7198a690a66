import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { isPostgres } from '../host/database.ts';
import { SubgraphError } from '../host/errors.ts';
import type { InventoryTables, ReservationRow, StockRow } from './records.ts';

export interface ReservationRequest {
  readonly productId: string;
  readonly locationId: string | null;
  readonly quantity: number;
  readonly minutes: number;
  readonly idempotencyKey: string;
}

/**
 * All that changes stock. Each transaction begins by locking the stock rows of its one product, in the order of the
 * locations, so that transactions of the same product wait for each other and never in a circle. SQLite has one
 * connection here, and so one transaction at a time.
 */
export function reservationRecords(db: Kysely<InventoryTables>) {
  return {
    /**
     * Puts units aside, or gives the reservation that the same idempotency key made before.
     *
     * @param now in milliseconds since 1970
     * @throws SubgraphError NOT_FOUND when no location keeps the product, CONFLICT when none has enough of it or the
     *   idempotency key was used for another request
     */
    reserve: (request: ReservationRequest, now: number): Promise<ReservationRow> =>
      db.transaction().execute((transaction) => reserve(transaction, request, now)),

    /** @throws SubgraphError NOT_FOUND */
    release: (id: string, now: number): Promise<ReservationRow> =>
      db.transaction().execute((transaction) => release(transaction, id, now)),

    /** Gives back the units of reservations whose time has run out, one product after the other. */
    async expire(now: number): Promise<void> {
      const due = await db
        .selectFrom('reservations')
        .select('product_id')
        .distinct()
        .where('status', '=', 'HELD')
        .where('expires_at', '<=', now)
        .limit(1_000)
        .execute();
      for (const { product_id: productId } of due) {
        await db.transaction().execute(async (transaction) => {
          await lockStock(transaction, productId);
          await expireProduct(transaction, productId, now);
        });
      }
    },
  };
}

export type ReservationRecords = ReturnType<typeof reservationRecords>;

type Writer = Transaction<InventoryTables>;

async function reserve(
  transaction: Writer,
  request: ReservationRequest,
  now: number,
): Promise<ReservationRow> {
  const { productId, locationId, quantity, idempotencyKey } = request;
  const text = JSON.stringify([productId, locationId, quantity, request.minutes]);
  const locked = await lockStock(transaction, productId);
  const expired = await expireProduct(transaction, productId, now);
  const earlier = await transaction
    .selectFrom('reservations')
    .selectAll()
    .where('idempotency_key', '=', idempotencyKey)
    .executeTakeFirst();
  if (earlier) {
    if (earlier.request === text) return earlier;
    throw new SubgraphError('CONFLICT', 'The idempotency key was used for another request.');
  }

  const stock = expired ? await lockStock(transaction, productId) : locked;
  const places = stock.filter((row) => locationId === null || row.location_id === locationId);
  const [place] = places.sort((one, other) => available(other) - available(one));
  if (!place) {
    const where = locationId === null ? 'No location' : `No location "${locationId}"`;
    throw new SubgraphError('NOT_FOUND', `${where} keeps the product "${productId}".`);
  }
  if (available(place) < quantity) {
    const most = available(place);
    throw new SubgraphError('CONFLICT', `Only ${most} of the ${quantity} units asked for are available.`, {
      available: most,
    });
  }

  await moveReserved(transaction, place, quantity, now);
  const row: ReservationRow = {
    id: `r-${randomUUID()}`,
    idempotency_key: idempotencyKey,
    request: text,
    product_id: productId,
    location_id: place.location_id,
    quantity,
    status: 'HELD',
    created_at: now,
    expires_at: now + request.minutes * 60_000,
  };
  // the same key with another product holds another lock, so it may have come in between
  const inserted = await transaction
    .insertInto('reservations')
    .values(row)
    .onConflict((conflict) => conflict.column('idempotency_key').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!inserted) throw new SubgraphError('CONFLICT', 'The idempotency key was used for another request.');
  return row;
}

async function release(transaction: Writer, id: string, now: number): Promise<ReservationRow> {
  const read = () =>
    transaction.selectFrom('reservations').selectAll().where('id', '=', id).executeTakeFirst();
  const found = await read();
  if (!found) throw new SubgraphError('NOT_FOUND', `There is no reservation "${id}".`);
  await lockStock(transaction, found.product_id);
  await expireProduct(transaction, found.product_id, now);
  const reservation = (await read()) ?? found;
  if (reservation.status !== 'HELD') return reservation;
  await transaction.updateTable('reservations').set({ status: 'RELEASED' }).where('id', '=', id).execute();
  await moveReserved(transaction, reservation, -reservation.quantity, now);
  return { ...reservation, status: 'RELEASED' };
}

function available(stock: StockRow): number {
  return stock.on_hand - stock.reserved;
}

async function lockStock(transaction: Writer, productId: string): Promise<StockRow[]> {
  const query = transaction
    .selectFrom('stock')
    .selectAll()
    .where('product_id', '=', productId)
    .orderBy('location_id');
  return (isPostgres(transaction) ? query.forUpdate() : query).execute();
}

/** @returns whether anything had expired */
async function expireProduct(transaction: Writer, productId: string, now: number): Promise<boolean> {
  const expired = await transaction
    .updateTable('reservations')
    .set({ status: 'EXPIRED' })
    .where('status', '=', 'HELD')
    .where('expires_at', '<=', now)
    .where('product_id', '=', productId)
    .returning(['product_id', 'location_id', 'quantity'])
    .execute();
  for (const row of expired) await moveReserved(transaction, row, -row.quantity, now);
  return expired.length > 0;
}

async function moveReserved(
  transaction: Writer,
  place: Pick<StockRow, 'product_id' | 'location_id'>,
  units: number,
  now: number,
): Promise<void> {
  await transaction
    .updateTable('stock')
    .set((from) => ({ reserved: from('reserved', '+', units), updated_at: now }))
    .where('product_id', '=', place.product_id)
    .where('location_id', '=', place.location_id)
    .execute();
}
