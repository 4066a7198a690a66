import { Kind } from 'graphql';
import type { Limit } from '../limit.ts';

/**
 * The number of fields, where a field that is selected twice in one selection set, under two aliases, counts once.
 * Source: Apollo Router, `limits.max_height`.
 */
export const maxHeight: Limit = {
  setting: 'max_height',
  code: 'MAX_HEIGHT_LIMIT',
  quantity: 'height (field count)',
  guardsGateway: false,
  measure(set, inner) {
    const names = new Set<string>();
    let below = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value);
      below += inner(selection);
    }
    return names.size + below;
  },
};
