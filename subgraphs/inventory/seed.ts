import type { Transaction } from 'kysely';
import { inBatches } from '../host/migrate.ts';
import { maxAppeal, productAppeal } from '../host/seed/appeal.ts';
import { productCount, productId } from '../host/seed/kinds.ts';
import { type SeedPlaceId, seedPlaces } from '../host/seed/places.ts';
import { seededRandom } from '../host/seed/random.ts';
import type { InventoryTables } from './records.ts';

const details: Readonly<
  Record<SeedPlaceId, { name: string; city: string; country: string; address?: string; cutOff?: string }>
> = {
  'l-warehouse-hamburg': { name: 'Elbe Warehouse', city: 'Hamburg', country: 'DE', cutOff: '15:30' },
  'l-warehouse-rotterdam': { name: 'Maas Warehouse', city: 'Rotterdam', country: 'NL', cutOff: '14:00' },
  'l-warehouse-wroclaw': { name: 'Oder Warehouse', city: 'Wrocław', country: 'PL', cutOff: '17:00' },
  'l-store-berlin': { name: 'Berlin Store', city: 'Berlin', country: 'DE', address: 'Kastanienallee 14' },
  'l-store-amsterdam': {
    name: 'Amsterdam Store',
    city: 'Amsterdam',
    country: 'NL',
    address: 'Haarlemmerdijk 88',
  },
  'l-store-copenhagen': {
    name: 'Copenhagen Store',
    city: 'Copenhagen',
    country: 'DK',
    address: 'Jægersborggade 21',
  },
  'l-store-lyon': { name: 'Lyon Store', city: 'Lyon', country: 'FR', address: 'Rue Mercière 30' },
  'l-store-porto': { name: 'Porto Store', city: 'Porto', country: 'PT', address: 'Rua do Almada 155' },
};

/** Writes the example locations, and stock for most of the products at each. */
export async function seedInventory(transaction: Transaction<InventoryTables>): Promise<void> {
  const random = seededRandom(4003);
  const locations = seedPlaces.map(({ id, kind }) => {
    const { name, city, country, address, cutOff } = details[id];
    return { id, kind, name, city, country, address: address ?? null, dispatch_cut_off: cutOff ?? null };
  });
  const openingHours = locations
    .filter(({ kind }) => kind === 'STORE')
    .flatMap(({ id }) => {
      const days = random.chance(0.5) ? [0, 1, 2, 3, 4, 5] : [1, 2, 3, 4, 5];
      return days.map((weekday) => ({
        location_id: id,
        weekday,
        opens: '10:00',
        closes: weekday === 5 ? '16:00' : '18:30',
      }));
    });
  const stock: InventoryTables['stock'][] = [];
  for (let number = 1; number <= productCount; number += 1) {
    // a few products are sold out everywhere, but not what the shop is known for
    const soldOut = random.chance(0.08) && productAppeal(number) < 0.9 * maxAppeal;
    for (const { id, kind } of seedPlaces) {
      const often = kind === 'WAREHOUSE';
      if (!random.chance(often ? 0.8 : 0.35)) continue;
      stock.push({
        product_id: productId(number),
        location_id: id,
        on_hand: soldOut ? 0 : random.between(often ? 10 : 0, often ? 240 : 12),
        reserved: 0,
        reorder_point: often ? 25 : 2,
        updated_at: Date.UTC(2026, 0, 1 + random.below(28), random.below(24), random.below(60)),
      });
    }
  }
  await transaction.insertInto('locations').values(locations).execute();
  await transaction.insertInto('opening_hours').values(openingHours).execute();
  for (const batch of inBatches(stock)) await transaction.insertInto('stock').values(batch).execute();
}
