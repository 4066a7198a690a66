import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  Kind,
  visit,
} from 'graphql';
import type { FieldModel, GraphModel } from './graphModel.ts';
import type { Failure } from './shrinkCase.ts';

/** A way in which an engine is known to be wrong, with the reason why the oracle is right. */
export interface KnownDifference {
  readonly name: string;
  readonly engine: string;
  readonly reason: string;
  /** Must name the cause in the case, not only its effect in the answer. */
  explains(failure: Failure): boolean;
}

/** The first that explains the failure. A failure without one is a fault. */
export function knownDifference(failure: Failure): KnownDifference | undefined {
  return knownDifferences.find((known) => known.engine === failure.outcome.engine && known.explains(failure));
}

/** In order: what is looked for first is the more certain cause. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    name: 'field that is provided at another path',
    engine: 'compiled',
    reason:
      'A field is provided at the path of the field that carries `@provides`, and nowhere else (federation directives reference). ' +
      'The native planner sometimes takes it for provided where the subgraph is reached on another path, and asks for what ' +
      'that subgraph does not resolve there.',
    explains: ({ model, outcome }) =>
      hasField(model, ({ provides }) => provides !== undefined) &&
      outcome.differences.some(
        ({ kind, detail }) => kind === 'unexpected error' && detail.includes('which it does not resolve'),
      ),
  },
  ...bothEngines((engine) => ({
    name: 'required field that is not fetched',
    engine,
    reason:
      'A field with `@requires` is asked for with what it requires in the representation (federation directives reference). Both ' +
      'planners sometimes ask for it of an entity that the same request has just reached, without any.',
    explains: ({ model, outcome }) =>
      hasField(model, ({ requires }) => requires !== undefined) &&
      outcome.differences.some(
        ({ kind, detail }) => kind === 'unexpected error' && detail.includes('was not given'),
      ),
  })),
  ...bothEngines((engine) => ({
    name: 'null of a subgraph that is stricter than the others',
    engine,
    reason:
      'A field is nullable for clients when one subgraph says so. Another one, for which it is not, nulls its own object ' +
      '(specification §6.4.4) before the gateway sees anything of it, which the oracle does not do.',
    explains: ({ model, outcome }) =>
      hasField(model, ({ nonNullIn }) => nonNullIn !== undefined) &&
      outcome.differences.every(({ kind, detail }) => kind === 'data' && detail.includes('null in place of')),
  })),
  {
    name: 'field of an interface object under a fragment',
    engine: 'compiled',
    reason:
      'A field of an `@interfaceObject` that is selected in a fragment on one of its types is fetched for objects of that type ' +
      '(federation directives reference). The native planner forgets it beside a field of the interface from another subgraph.',
    explains: ({ model, case: { operation }, outcome }) =>
      model.types.some((type) => type.kind === 'interface' && type.object !== undefined) &&
      hasInlineFragment(operation.document) &&
      outcome.differences.every(({ kind, detail }) => kind === 'data' && detail.includes('null in place of')),
  },
  {
    name: 'no planner has a plan',
    engine: 'compiled',
    reason:
      'A fragment on a union applies to objects that are reached through `@interfaceObject` too. The native planner finds no plan ' +
      'for some of them, and the stock planner, which is asked then, fails on them.',
    explains: ({ model, outcome }) =>
      model.types.some((type) => type.kind === 'interface' && type.object !== undefined) &&
      outcome.differences.some(
        ({ kind, detail }) => kind === 'exception' && detail.includes('We should have an edge from'),
      ),
  },
  {
    name: 'variable called representations',
    engine: 'apollo',
    reason:
      'A client may name its variables as it likes (specification §2.10); the stock gateway refuses `$representations` ' +
      'in any operation that fetches entities, as its own fetches use the name.',
    explains: ({ case: { operation } }) =>
      'representations' in operation.variables || hasVariable(operation.document),
  },
  {
    name: 'alias that is another name of the same object',
    engine: 'apollo',
    reason:
      'An alias is free (specification §2.7): it may be `__typename`, or the name of another field. The stock gateway ' +
      'reads keys and type names out of the response by field name, so such an alias stands in their way.',
    explains: ({ model, case: { operation } }) => {
      const names = new Set(RESERVED_ALIASES);
      for (const type of model.types) {
        if (type.kind === 'union') continue;
        const fields = type.kind === 'interface' ? (type.object?.fields ?? []) : type.fields;
        for (const { name } of fields) names.add(name);
      }
      let isTaken = false;
      visit(operation.document, {
        Field: ({ alias, name }) => {
          if (alias !== undefined && alias.value !== name.value && names.has(alias.value)) isTaken = true;
        },
      });
      return isTaken;
    },
  },
  {
    name: 'interface object',
    engine: 'apollo',
    reason:
      'An object reached through `@interfaceObject` has a concrete type, which `__typename` must name and fragments must ' +
      'be tried on. The stock gateway lets the interface name of the guest subgraph overwrite it, which makes the object ' +
      'null, and its planner fails on fragments on a union of the members.',
    explains: ({ model, outcome }) =>
      model.types.some((type) => type.kind === 'interface' && type.object !== undefined) &&
      outcome.differences.some(({ kind }) => kind === 'data' || kind === 'exception'),
  },
  {
    name: 'field that is required with arguments',
    engine: 'apollo',
    reason:
      'Each `@requires` is given the value for its own arguments (federation directives reference). The stock gateway sends ' +
      'whichever value of the field came last, whoever asked for it.',
    explains: ({ model, outcome }) => {
      const required = model.types.flatMap((type) =>
        type.kind === 'entity'
          ? type.fields.flatMap(({ requires = '' }) => requires.match(/\w+(?=\()/g) ?? [])
          : [],
      );
      const isAsked = required.some((name) =>
        outcome.exchanges.some(({ request }) => new RegExp(`\\b${name}\\b`).test(JSON.stringify(request))),
      );
      return isAsked && outcome.differences.some(({ kind }) => kind === 'data' || kind === 'exception');
    },
  },
  {
    name: 'fragment in a fragment on an abstract type',
    engine: 'apollo',
    reason:
      'A fragment applies where its type condition does (specification §6.3.2), however deeply it is nested. The stock ' +
      'gateway drops fields of a nested fragment whose outer one is on an interface or union: its subgraph was not asked ' +
      'for the `__typename` that its last step then looks for.',
    explains: ({ model, case: { operation }, outcome }) =>
      outcome.differences[0]?.kind === 'data' && hasNestedFragment(model, operation.document),
  },
  {
    name: 'lists of lists that two fetches fill',
    engine: 'apollo',
    reason:
      'Two subgraphs that share a field answer the same list, and each fills in its part of the items. The stock gateway ' +
      'merges items of a list but not those of a list in a list: the later one takes the place of the first.',
    explains: ({ model, outcome }) =>
      outcome.differences[0]?.kind === 'data' &&
      model.types.some(
        (type) =>
          (type.kind === 'entity' || type.kind === 'root') &&
          type.fields.some(({ owners, type: fieldType }) => owners.length > 1 && fieldType.startsWith('[[')),
      ),
  },
  {
    name: 'path of an error under an object that became null',
    engine: 'apollo',
    reason:
      'The path of an error leads from the root of the response (specification §7.1.2); where several entities are one ' +
      'fetch and one has become null, the stock gateway leaves the path of the fetch as it is.',
    explains: ({ outcome }) =>
      outcome.differences.every(({ kind }) => kind === 'unexpected error') &&
      outcome.expected.errors.length > 0,
  },
  {
    name: 'order of keys',
    engine: 'apollo',
    reason:
      'Response keys come in the order in which the operation first names them (specification §6.3.2 "Field ' +
      'Collection"); the stock gateway reorders a field that is merged from several selections.',
    explains: ({ outcome }) => outcome.differences.every(({ kind }) => kind === 'key order'),
  },
];

const RESERVED_ALIASES = ['__typename', '__proto__', 'constructor', 'hasOwnProperty', 'toString', 'length'];

function hasInlineFragment(document: DocumentNode): boolean {
  let isThere = false;
  visit(document, {
    InlineFragment: ({ typeCondition }) => {
      isThere ||= typeCondition !== undefined;
    },
    FragmentDefinition: () => {
      isThere = true;
    },
  });
  return isThere;
}

function bothEngines(difference: (engine: string) => KnownDifference): KnownDifference[] {
  return ['apollo', 'compiled'].map(difference);
}

function hasField(model: GraphModel, isIt: (field: FieldModel) => boolean): boolean {
  return model.types.some(
    (type) => (type.kind === 'entity' || type.kind === 'root') && type.fields.some(isIt),
  );
}

/** A fragment inside one whose type is an interface or a union; spreads count as what they spread. */
function hasNestedFragment(model: GraphModel, document: DocumentNode): boolean {
  const abstract = new Set(
    model.types.filter(({ kind }) => kind === 'interface' || kind === 'union').map(({ name }) => name),
  );
  let isNested = false;
  const look = ({ typeCondition, selectionSet }: InlineFragmentNode | FragmentDefinitionNode): void => {
    if (typeCondition === undefined || !abstract.has(typeCondition.name.value)) return;
    isNested ||= selectionSet.selections.some(({ kind }) => kind !== Kind.FIELD);
  };
  visit(document, { InlineFragment: look, FragmentDefinition: look });
  return isNested;
}

function hasVariable(document: Failure['case']['operation']['document']): boolean {
  let isDeclared = false;
  visit(document, {
    VariableDefinition: ({ variable }) => {
      isDeclared ||= variable.name.value === 'representations';
    },
  });
  return isDeclared;
}
