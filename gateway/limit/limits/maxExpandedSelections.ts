import type { Limit } from '../limit.ts';

/**
 * The number of selections once every spread is replaced by its fragment. Twenty fragments that each spread the next one
 * twice are 400 bytes and a million selections, and whoever walks them all (validation, planning) is busy for as long.
 * Source: CVE-2025-32030, CVE-2025-32034, CVE-2025-31496. The sum is a double, which saturates and never wraps around
 * (CVE-2025-32033).
 */
export const maxExpandedSelections: Limit = {
  setting: 'max_expanded_selections',
  code: 'OPERATION_TOO_COMPLEX',
  quantity: 'expanded selections',
  guardsGateway: true,
  measure(set, inner) {
    let selections = 0;
    for (const selection of set.selections) selections += 1 + inner(selection);
    return selections;
  },
};
