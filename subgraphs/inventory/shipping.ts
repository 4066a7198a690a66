/** The values of the enum `ShippingMethod`. */
export type ShippingMethod = 'STANDARD' | 'EXPRESS' | 'PICKUP';

export interface Parcel {
  /** In the smallest unit of the currency. */
  readonly price: number;
  readonly currency: string;
  readonly weightGrams: number;
}

export interface ShippingEstimate {
  readonly method: ShippingMethod;
  readonly cost: number;
  readonly currency: string;
  readonly earliestDays: number;
  readonly latestDays: number;
}

interface Zone {
  /** What a parcel costs to begin with, and each kilogram begun. */
  readonly base: number;
  readonly perKilogram: number;
  readonly days: readonly [number, number];
  /** From this price on a parcel ships free, unless it is heavy. */
  readonly freeFrom: number;
}

const home: Zone = { base: 390, perKilogram: 60, days: [1, 3], freeFrom: 5_000 };
const neighbours: Zone = { base: 690, perKilogram: 110, days: [2, 5], freeFrom: 10_000 };
const union: Zone = { base: 990, perKilogram: 160, days: [4, 8], freeFrom: 15_000 };
const abroad: Zone = { base: 1_890, perKilogram: 420, days: [6, 14], freeFrom: 40_000 };

const zones: Readonly<Record<string, Zone>> = {
  DE: home,
  ...Object.fromEntries(
    ['AT', 'BE', 'CZ', 'DK', 'FR', 'LU', 'NL', 'PL'].map((country) => [country, neighbours]),
  ),
  ...Object.fromEntries(
    [
      'BG',
      'CY',
      'EE',
      'ES',
      'FI',
      'GR',
      'HR',
      'HU',
      'IE',
      'IT',
      'LT',
      'LV',
      'MT',
      'PT',
      'RO',
      'SE',
      'SI',
      'SK',
    ].map((country) => [country, union]),
  ),
  ...Object.fromEntries(['CA', 'CH', 'GB', 'IS', 'NO', 'US'].map((country) => [country, abroad])),
};

const heavyGrams = 20_000;
const expressSurcharge = 1_200;

/**
 * What sending one unit costs and takes.
 *
 * @param storeCountries the countries in which something can be fetched from a store
 * @returns `null` where the shop does not send to, or has no store to fetch it from
 */
export function estimateShipping(
  parcel: Parcel,
  to: { readonly country: string; readonly method: ShippingMethod },
  storeCountries: ReadonlySet<string>,
): ShippingEstimate | null {
  const { country, method } = to;
  const zone = Object.hasOwn(zones, country) ? zones[country] : undefined;
  if (!zone) return null;
  const { currency } = parcel;
  if (method === 'PICKUP') {
    if (!storeCountries.has(country)) return null;
    return { method, cost: 0, currency, earliestDays: 0, latestDays: zone.days[1] };
  }
  const kilograms = Math.ceil(parcel.weightGrams / 1000);
  const full = zone.base + zone.perKilogram * kilograms;
  const free = parcel.price >= zone.freeFrom && parcel.weightGrams < heavyGrams;
  const [earliestDays, latestDays] = zone.days;
  if (method === 'STANDARD') return { method, cost: free ? 0 : full, currency, earliestDays, latestDays };
  return {
    method,
    cost: (free ? 0 : full) + expressSurcharge,
    currency,
    earliestDays: 1,
    latestDays: Math.max(1, Math.ceil(latestDays / 3)),
  };
}
