import { describe, expect, test } from '@jest/globals';
import type { BudgetWindow } from '../../../../subgraphs/ai/money/contract.ts';
import { windowAt } from '../../../../subgraphs/ai/money/windows.ts';

describe('windows', () => {
  // by the calendar: 25 November 2026 is a Wednesday
  test.each<[BudgetWindow, string, string, string]>([
    ['MINUTE', '2026-11-25T10:30:15.999Z', '2026-11-25T10:30:00Z', '2026-11-25T10:31:00Z'],
    ['HOUR', '2026-11-25T10:30:15Z', '2026-11-25T10:00:00Z', '2026-11-25T11:00:00Z'],
    ['DAY', '2026-11-25T23:59:59Z', '2026-11-25T00:00:00Z', '2026-11-26T00:00:00Z'],
    ['WEEK', '2026-11-25T10:30:15Z', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
    ['WEEK', '2026-11-23T00:00:00Z', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
    ['WEEK', '2026-11-22T23:59:59Z', '2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['MONTH', '2026-11-25T10:30:15Z', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
    ['MONTH', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['MONTH', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
  ])('%s at %s', (window, moment, start, end) => {
    expect(windowAt(window, Date.parse(moment))).toEqual({ start: Date.parse(start), end: Date.parse(end) });
  });

  test('TOTAL never ends', () => {
    expect(windowAt('TOTAL', Date.parse('2026-11-25'))).toEqual({ start: 0, end: null });
  });

  test('a window begins where the one before it ends', () => {
    const lengths = (['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH'] as const).map((window) => {
      const first = windowAt(window, Date.parse('2026-10-31T23:59:59Z'));
      return windowAt(window, first.end ?? 0).start === first.end;
    });
    expect(lengths).toEqual([true, true, true, true, true]);
  });
});
