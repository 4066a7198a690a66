import {
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { collectFields, fragmentApplies } from '../operation/collectFields.ts';
import { decisionBelow } from './decisionBelow.ts';
import type { Decisions } from './decisions.ts';
import type { Question, QuestionsByField } from './operationQuestions.ts';
import type { KeyOf } from './responseShape.ts';

/** An object in the fetched data, one of whose values a rule is to be asked of. */
export interface ParentPlace {
  readonly question: Question;
  readonly object: Record<string, unknown>;
  /** The key of the value in the object. */
  readonly key: string;
  /** As clients are told it: `['users', '@', 'email']`. */
  readonly path: readonly string[];
}

export interface ParentWalkOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly byField: QuestionsByField;
  readonly decisions: Decisions;
  readonly isIncluded: (selection: SelectionNode) => boolean;
  readonly keyOf: KeyOf;
}

interface Steps {
  readonly asked: readonly {
    readonly question: Question;
    readonly key: string;
    readonly path: readonly string[];
  }[];
  readonly below: readonly { readonly key: string; readonly walk: Walk }[];
}

type Walk = (value: unknown, onPlace: (place: ParentPlace) => void) => void;

/**
 * Compiles the way from the root of the data to the objects that rules ask for, through nothing else.
 */
export function parentWalk(options: ParentWalkOptions): Walk {
  const { schema, operation, fragments, byField, decisions, isIncluded, keyOf } = options;
  const mayAsk = decisionBelow({ fragments, byField, decisions }, '?');

  const stepsOf = (
    type: GraphQLObjectType,
    selectionSets: readonly SelectionSetNode[],
    path: readonly string[],
  ): Steps => {
    const grouped = collectFields(selectionSets, {
      fragments,
      isIncluded,
      applies: fragmentApplies(schema, type),
    });
    const asked: Steps['asked'][number][] = [];
    const below: Steps['below'][number][] = [];
    for (const [responseKey, nodes] of grouped) {
      const [node] = nodes;
      const field = node && type.getFields()[node.name.value];
      if (
        node === undefined ||
        field === undefined ||
        nodes.some((each) => decisions.of(type.name, each) === '-')
      )
        continue;
      const key = keyOf(node.name.value, node.alias?.value);
      let inner: readonly string[] = [...path, responseKey];
      const question = byField.get(node)?.get(type.name);
      if (question !== undefined && decisions.of(type.name, node) === '?')
        asked.push({ question, key, path: inner });
      const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (!sets.some(mayAsk)) continue;
      for (let wrapped = field.type; ; wrapped = wrapped.ofType) {
        if (isListType(wrapped)) inner = [...inner, '@'];
        else if (!isNonNullType(wrapped)) break;
      }
      below.push({ key, walk: walkOf(getNamedType(field.type), sets, inner) });
    }
    return { asked, below };
  };

  const walkOf = (
    declared: GraphQLNamedType,
    selectionSets: readonly SelectionSetNode[],
    path: readonly string[],
  ): Walk => {
    const byType = new Map<string, Steps>();
    const walk: Walk = (value, onPlace) => {
      if (Array.isArray(value)) {
        for (const item of value) walk(item, onPlace);
        return;
      }
      if (typeof value !== 'object' || value === null) return;
      const object = value as Record<string, unknown>;
      const type = isObjectType(declared) ? declared : schema.getType(String(object.__typename));
      // of a type that cannot stand here nothing is shown
      if (!isObjectType(type) || (isAbstractType(declared) && !schema.isSubType(declared, type))) return;
      let steps = byType.get(type.name);
      if (steps === undefined) {
        steps = stepsOf(type, selectionSets, path);
        byType.set(type.name, steps);
      }
      for (const { question, key, path: at } of steps.asked) onPlace({ question, object, key, path: at });
      for (const { key, walk: inner } of steps.below) {
        if (Object.hasOwn(object, key)) inner(object[key], onPlace);
      }
    };
    return walk;
  };

  const root = schema.getRootType(operation.operation);
  if (!isCompositeType(root)) throw new Error(`The schema has no ${operation.operation} type.`);
  return walkOf(root, [operation.selectionSet], []);
}
