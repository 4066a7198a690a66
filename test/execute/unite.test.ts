import { describe, expect, test } from '@jest/globals';
import { uniteBy } from '../../gateway/execute/unite.ts';
import type { FetchPath } from '../../gateway/plan/queryPlan.ts';

/** `items.@.|Book.author`: fields, elements, and conditions on types. */
function pathOf(text: string): FetchPath {
  return text.split('.').map((step) => {
    if (step === '@') return { kind: 'elements' };
    return step.startsWith('|')
      ? { kind: 'types', types: step.slice(1).split('|') }
      : { kind: 'field', name: step };
  });
}

const mayUnite = (path: string, ...others: string[]): boolean =>
  uniteBy([path, ...others].map(pathOf))(pathOf(path));

describe('execute: whether equal objects at a path may become one', () => {
  test.each([
    ['alone', 'items.@.author', []],
    ['beside fetches elsewhere', 'items.@.author', ['items.@.maker', 'other.@.|Book.author']],
    ['where all fetches below go through all of them', 'items.@.author', ['items.@.author.books.@.|Book.x']],
    ['where the condition is on their own type', 'items.@', ['items.@.|Book.author', 'items.@.|Film']],
    ['where all have one condition', 'items.@.|Book|Film.author', ['items.@.|Film|Book.author.books']],
    ['above a condition', 'items', ['items.@.|Book.author']],
  ])('they may %s', (_name, path, others) => {
    expect(mayUnite(path, ...others)).toBe(true);
  });

  test.each([
    ['a fetch goes through those below one type', 'items.@.author', ['items.@.|Book.author']],
    ['a fetch goes on below those of one type', 'items.@.author', ['items.@.|Book.author.books.@']],
    ['each of two types has a fetch of its own', 'items.@.|Book.author', ['items.@.|Film.author']],
  ])('they may not where %s', (_name, path, others) => {
    expect(mayUnite(path, ...others)).toBe(false);
  });
});
