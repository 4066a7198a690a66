import type { Permissions } from '../host/permissions.ts';
import { hasScope } from '../host/rules.ts';
import { allow } from '../host/shield.ts';

/** Stock is for all to see; whoever knows the id of a reservation may release it. */
export const inventoryPermissions: Permissions = {
  Query: { '*': allow },
  Mutation: { '*': allow },
  Product: allow,
  StockLevel: { '*': allow, reorderPoint: hasScope('stock:write') },
  Warehouse: allow,
  Store: allow,
  OpeningHours: allow,
  ShippingEstimate: allow,
  Reservation: allow,
  LocationConnection: allow,
  LocationEdge: allow,
  StockLevelConnection: allow,
  StockLevelEdge: allow,
  PageInfo: allow,
};
