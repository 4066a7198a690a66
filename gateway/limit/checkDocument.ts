import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Limit, StructureLimits } from './limit.ts';
import { limits } from './limits.ts';

/** A limit that an operation of the document exceeds. */
export interface Exceeded {
  readonly limit: Limit;
  readonly value: number;
  readonly max: number;
}

/**
 * Measures every operation of a document that was parsed and not validated yet, in time that is linear in its length:
 * each fragment is measured once, its spreads take the number. A spread in a circle counts 0; validation refuses it.
 *
 * @returns the limits that are exceeded, in the order of `limits.ts`
 */
export function checkDocument(document: DocumentNode, allowed: StructureLimits): readonly Exceeded[] {
  const fragments = innermostFirst(document);
  const exceeded: Exceeded[] = [];
  for (const limit of limits) {
    const max = allowed[limit.setting];
    if (max === undefined) continue;
    const value = measureDocument(document, fragments, limit);
    if (value > max) exceeded.push({ limit, value, max });
  }
  return exceeded;
}

/** The measure of the largest operation. */
function measureDocument(
  document: DocumentNode,
  fragments: readonly FragmentDefinitionNode[],
  limit: Limit,
): number {
  const byFragment = new Map<string, number>();
  const inner = (selection: SelectionNode): number => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return byFragment.get(selection.name.value) ?? 0;
    return selection.selectionSet === undefined ? 0 : limit.measure(selection.selectionSet, inner);
  };
  for (const fragment of fragments) {
    const value = limit.measure(fragment.selectionSet, inner) + (limit.ofDefinition?.(fragment) ?? 0);
    byFragment.set(fragment.name.value, value);
  }
  let largest = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const value = limit.measure(definition.selectionSet, inner) + (limit.ofDefinition?.(definition) ?? 0);
    largest = Math.max(largest, value);
  }
  return largest;
}

/** Fragments in an order in which each comes after those that it spreads. A long chain of them takes no stack. */
function innermostFirst(document: DocumentNode): readonly FragmentDefinitionNode[] {
  const byName = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) byName.set(definition.name.value, definition);
  }
  const ordered: FragmentDefinitionNode[] = [];
  const entered = new Set<FragmentDefinitionNode>();
  for (const start of byName.values()) {
    const open: { fragment: FragmentDefinitionNode; spreads: string[] }[] = [];
    const enter = (fragment: FragmentDefinitionNode): void => {
      if (entered.has(fragment)) return;
      entered.add(fragment);
      open.push({ fragment, spreads: spreadsOf(fragment.selectionSet) });
    };
    enter(start);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.spreads.pop();
      const fragment = next === undefined ? undefined : byName.get(next);
      if (fragment !== undefined) enter(fragment);
      else if (next === undefined) {
        ordered.push(top.fragment);
        open.pop();
      }
    }
  }
  return ordered;
}

function spreadsOf(set: SelectionSetNode, spreads: string[] = []): string[] {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) spreads.push(selection.name.value);
    else if (selection.selectionSet !== undefined) spreadsOf(selection.selectionSet, spreads);
  }
  return spreads;
}
