import type { Permissions } from '../host/permissions.ts';
import { hasScope } from '../host/rules.ts';
import { allow } from '../host/shield.ts';

/** The catalogue is for all, but for what the shop pays. */
export const productsPermissions: Permissions = {
  Query: { '*': allow },
  Product: { '*': allow, costPrice: hasScope('catalogue:write') },
  Category: allow,
  Brand: allow,
  ProductConnection: allow,
  ProductEdge: allow,
  BrandConnection: allow,
  BrandEdge: allow,
  SearchConnection: allow,
  SearchEdge: allow,
  PageInfo: allow,
};
