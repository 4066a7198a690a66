import type { Target } from '../models/models.ts';

/**
 * The order in which targets are tried: by priority; among equals the first is drawn by weight, and so on.
 *
 * @param random from 0 to 1
 */
export function targetOrder(targets: readonly Target[], random: () => number = Math.random): Target[] {
  const priorities = [...new Set(targets.map(({ priority }) => priority))].sort((one, other) => one - other);
  return priorities.flatMap((priority) =>
    drawByWeight(
      targets.filter((target) => target.priority === priority),
      random,
    ),
  );
}

function drawByWeight(targets: readonly Target[], random: () => number): Target[] {
  const left = [...targets];
  const drawn: Target[] = [];
  while (left.length > 0) {
    const sum = left.reduce((weights, { weight }) => weights + weight, 0);
    let mark = random() * sum;
    const found = left.findIndex(({ weight }) => {
      mark -= weight;
      return mark < 0;
    });
    drawn.push(...left.splice(found === -1 ? left.length - 1 : found, 1));
  }
  return drawn;
}
