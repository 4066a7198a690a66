import { Kind } from 'graphql';
import type { Limit } from '../limit.ts';

/** The number of aliased fields, `__typename` among them, at every place where their fragment is spread. */
export const maxAliases: Limit = {
  setting: 'max_aliases',
  code: 'MAX_ALIASES_LIMIT',
  quantity: 'aliases',
  guardsGateway: false,
  measure(set, inner) {
    let aliases = 0;
    for (const selection of set.selections) {
      aliases += inner(selection);
      if (selection.kind === Kind.FIELD && selection.alias !== undefined) aliases += 1;
    }
    return aliases;
  },
};
