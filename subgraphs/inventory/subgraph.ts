import { isMain, runSubgraph } from '../host/run.ts';
import type { SubgraphDefinition } from '../host/subgraph.ts';
import { type InventoryContext, inventoryLoaders } from './loaders.ts';
import { tables } from './migrations/tables.ts';
import { inventoryPermissions } from './permissions.ts';
import { type InventoryTables, inventoryRecords } from './records.ts';
import { reservationRecords } from './reservations.ts';
import { inventoryResolvers } from './resolvers.ts';
import { seedInventory } from './seed.ts';

/** Reservations of a product also expire when the next one is made; this is for products that nobody asks for. */
const expiryIntervalMs = 15_000;

/** Warehouses and stores, what they keep, and reservations of it. */
export const inventory: SubgraphDefinition<InventoryTables, InventoryContext> = {
  name: 'inventory',
  port: 4003,
  folder: import.meta.dirname,
  migrations: { '0001-tables': tables },
  resolvers: inventoryResolvers,
  permissions: inventoryPermissions,
  seed: seedInventory,
  async open({ db, log }) {
    const records = inventoryRecords(db);
    const reservations = reservationRecords(db);
    let expiring: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      expiring = reservations.expire(Date.now()).catch((error: unknown) => {
        log.error({ err: error }, 'expired reservations could not be given back');
      });
    }, expiryIntervalMs);
    timer.unref();
    return {
      context: (principal) => ({ records, reservations, loaders: inventoryLoaders(records), principal }),
      async stop() {
        clearInterval(timer);
        await expiring;
      },
    };
  },
};

if (isMain(import.meta.url)) await runSubgraph(inventory);
