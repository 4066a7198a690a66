/** The inventory's locations, which reviews of the service name: id and what kind it is. */
export const seedPlaces = [
  { id: 'l-warehouse-hamburg', kind: 'WAREHOUSE' },
  { id: 'l-warehouse-rotterdam', kind: 'WAREHOUSE' },
  { id: 'l-warehouse-wroclaw', kind: 'WAREHOUSE' },
  { id: 'l-store-berlin', kind: 'STORE' },
  { id: 'l-store-amsterdam', kind: 'STORE' },
  { id: 'l-store-copenhagen', kind: 'STORE' },
  { id: 'l-store-lyon', kind: 'STORE' },
  { id: 'l-store-porto', kind: 'STORE' },
] as const;

export type SeedPlaceId = (typeof seedPlaces)[number]['id'];
