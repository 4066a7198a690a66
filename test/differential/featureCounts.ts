import { print, visit } from 'graphql';
import type { Failure } from './shrinkCase.ts';

/** How often each feature of federation and of operations occurs in the cases of a run. */
export class FeatureCounts {
  readonly #counts = new Map<string, number>();
  #cases = 0;

  /** Counts every feature once a case. */
  count({ model, case: one, outcome }: Failure): void {
    this.#cases++;
    const features = new Set<string>();
    for (const type of model.types) {
      features.add(`graph: ${type.kind}`);
      if (type.kind === 'interface' && type.object !== undefined) features.add('graph: @interfaceObject');
      if (type.kind === 'entity' && Object.values(type.keys).some((keys) => keys.length > 1)) {
        features.add('graph: several keys');
      }
      if (type.kind === 'entity') {
        const keys = Object.values(type.keys).flat().join();
        if (/high|id code/.test(keys)) features.add('graph: compound key');
        if (keys.includes('{')) features.add('graph: nested key');
      }
      if (type.kind === 'union' || type.kind === 'interface') {
        const lists = Object.values(type.subgraphs).map((members) => [...members].sort().join());
        if (new Set(lists).size > 1) features.add(`graph: partial ${type.kind}`);
        continue;
      }
      for (const field of type.fields) {
        for (const name of ['requires', 'provides', 'inaccessible', 'nonNullIn'] as const) {
          if (field[name] !== undefined) features.add(`graph: ${name}`);
        }
        if (field.requires?.includes('(')) features.add('graph: requires with arguments');
        if (field.staleIn !== undefined) features.add('graph: @override');
        if (field.owners.length > 1 && field.key === undefined)
          features.add(`graph: shared field of ${type.kind}`);
      }
    }
    const seen: readonly (readonly [string, RegExp])[] = [
      ['_entities', /_entities/],
      ['compound _entities of several fetches', /_entities[\s\S]*_entities/],
    ];
    const asked = outcome.exchanges.map(({ request }) => JSON.stringify(request)).join('\n');
    for (const [name, pattern] of seen) if (pattern.test(asked)) features.add(`run: ${name}`);
    if (outcome.exchanges.length > 3) features.add('run: more than 3 fetches');
    if (outcome.expected.errors.length > 0) features.add('run: errors');
    if (/null/.test(outcome.expected.data)) features.add('run: nulls');
    visit(one.operation.document, {
      OperationDefinition: (node) => void features.add(`operation: ${node.operation}`),
      InlineFragment: () => void features.add('operation: inline fragment'),
      FragmentSpread: () => void features.add('operation: named fragment'),
      Directive: () => void features.add('operation: @skip or @include'),
      VariableDefinition: () => void features.add('operation: variable'),
      Argument: () => void features.add('operation: argument'),
      Field: (node) => {
        if (node.alias !== undefined) features.add('operation: alias');
        if (/^(__|constructor$|toString$|hasOwn)/.test(node.alias?.value ?? ''))
          features.add('operation: hostile alias');
      },
    });
    if (print(one.operation.document).length > 1500) features.add('operation: long');
    for (const feature of features) this.#counts.set(feature, (this.#counts.get(feature) ?? 0) + 1);
  }

  /** Per 1000 cases, by name. */
  perThousand(): [string, number][] {
    return [...this.#counts]
      .map(([name, count]): [string, number] => [name, Math.round((1000 * count) / this.#cases)])
      .sort(([left], [right]) => (left < right ? -1 : 1));
  }
}
