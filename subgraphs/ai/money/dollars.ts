import type { NanoUsd } from './contract.ts';

const nanosOfDollar = 1_000_000_000;

/** Dollars as decimal text without trailing zeros: `0.0000125`. */
export function formatUsd(nanoUsd: NanoUsd): string {
  const digits = Math.abs(nanoUsd).toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  const sign = nanoUsd < 0 ? '-' : '';
  return `${sign}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The nearest whole billionth; floating-point prices such as 0.20500000000000002 lose their noise here. */
export function toNanoUsd(usd: number): NanoUsd {
  return Math.round(usd * nanosOfDollar);
}
