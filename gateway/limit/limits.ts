import type { Limit } from './limit.ts';
import { maxAliases } from './limits/maxAliases.ts';
import { maxDepth } from './limits/maxDepth.ts';
import { maxDirectives } from './limits/maxDirectives.ts';
import { maxExpandedSelections } from './limits/maxExpandedSelections.ts';
import { maxHeight } from './limits/maxHeight.ts';
import { maxRootFields } from './limits/maxRootFields.ts';

/**
 * The limits on the shape of operations, in the order in which they are checked: the one that makes every further walk
 * safe is first; of the others, the first that is exceeded is what the client reads.
 *
 * They are our own. The library for it, graphql-armor, runs as validation rules beside those of graphql-js, after all
 * that it should protect has begun; it walks a fragment again at every spread; and its three advisories (GHSA-733v-p3h5-qpq7,
 * GHSA-hmfr-rx46-4jx2, GHSA-224p-v68g-5g8f) are of exemptions by name and of a memo of the first visit, neither of which
 * a measure that is folded over the document has.
 */
export const limits: readonly Limit[] = [
  maxExpandedSelections,
  maxDepth,
  maxHeight,
  maxRootFields,
  maxAliases,
  maxDirectives,
];
