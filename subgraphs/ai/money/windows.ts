import type { BudgetWindow } from './contract.ts';

/** A stretch of time that a budget counts in, in milliseconds since 1970; `end` is the first moment after it. */
export interface WindowBounds {
  readonly start: number;
  /** `null`: never. */
  readonly end: number | null;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The window that a moment lies in, by the clock and the calendar of UTC. */
export function windowAt(window: BudgetWindow, moment: number): WindowBounds {
  switch (window) {
    case 'MINUTE':
      return even(moment, minuteMs);
    case 'HOUR':
      return even(moment, hourMs);
    case 'DAY':
      return even(moment, dayMs);
    case 'WEEK': {
      // 1970 began on a Thursday: its Monday was three days earlier
      const thursday = even(moment + 3 * dayMs, 7 * dayMs);
      return { start: thursday.start - 3 * dayMs, end: thursday.start + 4 * dayMs };
    }
    case 'MONTH': {
      const date = new Date(moment);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
    }
    case 'TOTAL':
      return { start: 0, end: null };
    default:
      return window satisfies never;
  }
}

function even(moment: number, lengthMs: number): { start: number; end: number } {
  const start = Math.floor(moment / lengthMs) * lengthMs;
  return { start, end: start + lengthMs };
}
