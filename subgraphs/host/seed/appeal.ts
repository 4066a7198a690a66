import { seededRandom } from './random.ts';

export const maxAppeal = 10_000;

/**
 * How much people like the product with a number from 1, up to `maxAppeal`. What sells best also has the most and the
 * best reviews and is not sold out: three subgraphs build on it, so that they tell one story.
 */
export function productAppeal(number: number): number {
  return seededRandom(number * 7_919).below(maxAppeal + 1);
}
