import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { InventoryTables } from '../../../subgraphs/inventory/records.ts';
import { type ReservationRequest, reservationRecords } from '../../../subgraphs/inventory/reservations.ts';
import { inventory } from '../../../subgraphs/inventory/subgraph.ts';
import { type CreateDatabase, openForTest, type TestSubgraph } from '../openForTest.ts';

const minuteMs = 60_000;
const reserve =
  'mutation ($input: ReserveStockInput!) { reserveStock(input: $input) { id status location { id } } }';

/** The rules of reservations, over the databases that `createDatabase` makes. */
export function reservationFacts(createDatabase: CreateDatabase): void {
  let subgraph: TestSubgraph<InventoryTables>;
  let records: ReturnType<typeof reservationRecords>;
  let used = 0;
  beforeAll(async () => {
    subgraph = await openForTest(inventory, createDatabase);
    records = reservationRecords(subgraph.db);
  });
  afterAll(() => subgraph.close());
  beforeEach(async () => {
    await subgraph.db.deleteFrom('reservations').execute();
    await subgraph.db.deleteFrom('stock').execute();
    const row = { reserved: 0, reorder_point: 1, updated_at: 0 };
    await subgraph.db
      .insertInto('stock')
      .values([
        { ...row, product_id: 'p-0001', location_id: 'l-store-berlin', on_hand: 10 },
        { ...row, product_id: 'p-0002', location_id: 'l-store-berlin', on_hand: 3 },
        { ...row, product_id: 'p-0002', location_id: 'l-store-porto', on_hand: 5 },
      ])
      .execute();
  });

  const request = (given: Partial<ReservationRequest> = {}): ReservationRequest => {
    used += 1;
    return {
      productId: 'p-0001',
      locationId: null,
      quantity: 1,
      minutes: 15,
      idempotencyKey: `key-${used}-0000`,
      ...given,
    };
  };
  const ask = async (given: Readonly<Record<string, unknown>>) =>
    subgraph.ask(reserve, { variables: { input: { ...request(), ...given } } });
  const reservedOf = async (productId: string) => {
    const rows = await subgraph.db
      .selectFrom('stock')
      .selectAll()
      .where('product_id', '=', productId)
      .execute();
    return Object.fromEntries(rows.map((row) => [row.location_id, row.reserved]));
  };

  test('of 50 reservations at once of 10 units, 10 succeed', async () => {
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => records.reserve(request(), 0)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect({
      held: results.length - refused.length,
      codes: [...new Set(refused.map((result) => result.reason.extensions?.code ?? result.reason))],
      reserved: await reservedOf('p-0001'),
    }).toEqual({ held: 10, codes: ['CONFLICT'], reserved: { 'l-store-berlin': 10 } });
  });

  test('the same idempotency key at once makes one reservation', async () => {
    const same = request({ quantity: 2 });
    const rows = await Promise.all(Array.from({ length: 8 }, () => records.reserve(same, 0)));
    expect({ ids: new Set(rows.map((row) => row.id)).size, reserved: await reservedOf('p-0001') }).toEqual({
      ids: 1,
      reserved: { 'l-store-berlin': 2 },
    });
  });

  test('an idempotency key of another request is a conflict', async () => {
    await ask({ idempotencyKey: 'the-same-key' });
    const answer = await ask({ idempotencyKey: 'the-same-key', productId: 'p-0002' });
    expect(answer.codes).toEqual(['CONFLICT']);
  });

  test('without a location the one with most is taken', async () => {
    const { data } = await ask({ productId: 'p-0002', quantity: 4 });
    expect(data).toMatchObject({ reserveStock: { status: 'HELD', location: { id: 'l-store-porto' } } });
  });

  test('units that are spread over locations are not enough', async () => {
    const answer = await ask({ productId: 'p-0002', quantity: 6 });
    expect(answer).toMatchObject({
      codes: ['CONFLICT'],
      messages: ['Only 5 of the 6 units asked for are available.'],
    });
  });

  test.each([
    [{ productId: 'p-none' }, 'NOT_FOUND'],
    [{ locationId: 'l-store-lyon' }, 'NOT_FOUND'],
    [{ quantity: 101 }, 'BAD_USER_INPUT'],
    [{ minutes: 0 }, 'BAD_USER_INPUT'],
    [{ minutes: 1441 }, 'BAD_USER_INPUT'],
    [{ idempotencyKey: 'short' }, 'BAD_USER_INPUT'],
    [{ productId: '' }, 'BAD_USER_INPUT'],
  ])('%j is refused with %s', async (given, code) => {
    expect((await ask(given)).codes).toEqual([code]);
  });

  test('a quantity of 0 is refused by its scalar', async () => {
    expect((await ask({ quantity: 0 })).messages[0]).toMatch(/positive/i);
  });

  test('releasing gives the units back once', async () => {
    const { id } = await records.reserve(request({ quantity: 4 }), 0);
    const release = 'mutation ($id: ID!) { releaseReservation(id: $id) { status quantity product { id } } }';
    await records.reserve(request({ quantity: 1 }), Date.now());
    const held = await records.reserve(request({ quantity: 2 }), Date.now());
    const answers = [];
    for (let times = 0; times < 2; times += 1) {
      answers.push((await subgraph.ask(release, { variables: { id: held.id } })).data);
    }
    const released = { releaseReservation: { status: 'RELEASED', quantity: 2, product: { id: 'p-0001' } } };
    expect(answers).toEqual([released, released]);
    // the first reservation was made in 1970 and has expired on the way
    expect(await records.release(id, 0)).toMatchObject({ status: 'EXPIRED' });
    expect(await reservedOf('p-0001')).toEqual({ 'l-store-berlin': 1 });
  });

  test('releasing what does not exist is not found', async () => {
    const answer = await subgraph.ask('mutation { releaseReservation(id: "r-none") { id } }');
    expect(answer.codes).toEqual(['NOT_FOUND']);
  });

  test('the time over, the units can be reserved again', async () => {
    await records.reserve(request({ quantity: 10 }), 0);
    const early = await records.reserve(request(), 15 * minuteMs - 1).catch((error) => error.extensions.code);
    const late = await records.reserve(request({ quantity: 10 }), 15 * minuteMs);
    expect({ early, late: late.status, reserved: await reservedOf('p-0001') }).toEqual({
      early: 'CONFLICT',
      late: 'HELD',
      reserved: { 'l-store-berlin': 10 },
    });
  });

  test('the sweep gives back what has expired, of every product', async () => {
    await records.reserve(request({ quantity: 3 }), 0);
    await records.reserve(request({ productId: 'p-0002', quantity: 2 }), 0);
    await records.reserve(request({ quantity: 1, minutes: 60 }), 0);
    await records.expire(30 * minuteMs);
    expect([await reservedOf('p-0001'), await reservedOf('p-0002')]).toEqual([
      { 'l-store-berlin': 1 },
      { 'l-store-berlin': 0, 'l-store-porto': 0 },
    ]);
  });

  test('the database itself refuses to reserve more than there is', async () => {
    const oversell = subgraph.db
      .updateTable('stock')
      .set({ reserved: 11 })
      .where('product_id', '=', 'p-0001')
      .execute();
    await expect(oversell).rejects.toThrow(/stock_not_negative/);
  });
}
