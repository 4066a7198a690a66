import {
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { conditionsOf } from '../operation/literalConditions.ts';
import { decisionBelow } from './decisionBelow.ts';
import type { Decisions } from './decisions.ts';
import { possibleTypes, type Question, type QuestionsByField } from './operationQuestions.ts';

/** A place of the response that is denied. */
export interface DeniedPlace {
  /** Response keys from the root; `@` stands for the index in a list: `['users', '@', 'email']`. */
  readonly path: readonly string[];
  readonly question: Question | undefined;
}

export interface DeniedPlacesOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly byField: QuestionsByField;
  readonly decisions: Decisions;
  /** Whether a selection is there, as its variables say. */
  readonly isIncluded: (selection: SelectionNode) => boolean;
}

/** A client that asks for more than it may is told so often enough. */
const MAX_PLACES = 100;
/** Selections looked at: fragments in fragments make the response larger than any document. */
const MAX_STEPS = 20_000;

/**
 * The places of the response that are denied, in the order of the operation and each once, however many objects of a list
 * it stands for. Source: Apollo Router, `UNAUTHORIZED_FIELD_OR_TYPE`.
 */
export function deniedPlaces(options: DeniedPlacesOptions): readonly DeniedPlace[] {
  const { schema, operation, fragments, byField, decisions, isIncluded } = options;
  const places = new Map<string, DeniedPlace>();
  let steps = 0;

  const mayDeny = decisionBelow({ fragments, byField, decisions }, '-');

  const walk = (
    selectionSet: SelectionSetNode,
    types: readonly GraphQLObjectType[],
    path: readonly string[],
  ): void => {
    for (const selection of selectionSet.selections) {
      steps += 1;
      if (steps > MAX_STEPS || places.size >= MAX_PLACES) return;
      if (!isIncluded(selection)) continue;
      if (selection.kind !== Kind.FIELD) {
        const fragment =
          selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (fragment === undefined) continue;
        const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
        const inside = types.filter(
          (type) =>
            condition === undefined ||
            condition === type ||
            (isAbstractType(condition) && schema.isSubType(condition, type)),
        );
        if (inside.length > 0 && mayDeny(fragment.selectionSet)) {
          walk(fragment.selectionSet, inside, path);
        }
        continue;
      }
      const name = selection.name.value;
      const at = [...path, selection.alias?.value ?? name];
      const denied = types.find((type) => decisions.of(type.name, selection) === '-');
      if (denied !== undefined) {
        const key = JSON.stringify(at);
        const question = byField.get(selection)?.get(denied.name);
        if (!places.has(key)) places.set(key, { path: at, question });
      }
      if (selection.selectionSet === undefined || !mayDeny(selection.selectionSet)) continue;
      const below = new Map<string, GraphQLObjectType[]>();
      for (const type of types) {
        const fieldType = type.getFields()[name]?.type;
        if (fieldType === undefined || decisions.of(type.name, selection) === '-') continue;
        const named = getNamedType(fieldType);
        if (!isCompositeType(named)) continue;
        const indexes = '@'.repeat(listDepthOf(fieldType));
        below.set(indexes, [...(below.get(indexes) ?? []), ...possibleTypes(schema, named)]);
      }
      for (const [indexes, inner] of below)
        walk(selection.selectionSet, [...new Set(inner)], [...at, ...indexes]);
    }
  };

  const root = schema.getRootType(operation.operation);
  if (!isObjectType(root)) throw new Error(`The schema has no ${operation.operation} type.`);
  walk(operation.selectionSet, [root], []);
  return [...places.values()];
}

/** Whether a selection is there, for the values of the variables that `@skip` and `@include` name. */
export function isIncludedBy(
  variables: Readonly<Record<string, unknown>>,
): (selection: SelectionNode) => boolean {
  return (selection) => {
    const { isLeftOut, variables: conditions } = conditionsOf(selection);
    return !isLeftOut && conditions.every(({ name, value }) => (variables[name] === true) === value);
  };
}

function listDepthOf(type: GraphQLOutputType): number {
  if (isNonNullType(type)) return listDepthOf(type.ofType);
  return isListType(type) ? 1 + listDepthOf(type.ofType) : 0;
}
