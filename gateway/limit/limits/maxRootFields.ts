import { Kind } from 'graphql';
import type { Limit } from '../limit.ts';

/** The number of root fields; each alias of the same field is one more, since it is resolved once more. */
export const maxRootFields: Limit = {
  setting: 'max_root_fields',
  code: 'MAX_ROOT_FIELDS_LIMIT',
  quantity: 'root fields',
  guardsGateway: false,
  measure(set, inner) {
    let fields = 0;
    for (const selection of set.selections) fields += selection.kind === Kind.FIELD ? 1 : inner(selection);
    return fields;
  },
};
