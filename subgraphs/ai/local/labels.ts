import type { LocalLabel } from './contract.ts';

/** Measured: of 77 classes 30 % were right, of 5 with descriptions 92 %. */
const maxLabels = 8;

/** Why an enum cannot be told apart honestly by the small models; `null` when it can. */
export function unclassifiable(labels: readonly LocalLabel[]): string | null {
  if (labels.length < 2) return 'There must be two values at least to choose from.';
  if (labels.length > maxLabels) {
    return `The small models tell ${maxLabels} values apart at most, not ${labels.length}.`;
  }
  const bare = labels.filter(({ description }) => (description ?? '').trim() === '');
  if (bare.length > 0) {
    const values = bare.map(({ value }) => value).join(', ');
    return `The small models compare a text with the descriptions of the values, and these have none: ${values}.`;
  }
  return null;
}
