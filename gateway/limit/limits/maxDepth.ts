import { Kind } from 'graphql';
import type { Limit } from '../limit.ts';

/** The longest way from an operation to a field: `{ a { b } }` has a depth of 2. Fragments add nothing of their own. */
export const maxDepth: Limit = {
  setting: 'max_depth',
  code: 'MAX_DEPTH_LIMIT',
  quantity: 'depth',
  guardsGateway: false,
  measure(set, inner) {
    let deepest = 0;
    for (const selection of set.selections) {
      deepest = Math.max(deepest, inner(selection) + (selection.kind === Kind.FIELD ? 1 : 0));
    }
    return deepest;
  },
};
