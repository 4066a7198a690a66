import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionSetNode,
} from 'graphql';
import type { Guard, RuleTable } from './ruleTable.ts';

/** One thing that is to be decided of an operation: a guarded field of an object type, with its arguments. */
export interface Question {
  /** Its place in the list of the operation's questions. */
  readonly id: number;
  readonly type: GraphQLObjectType;
  readonly guard: Guard;
  /** The first selection of the field. */
  readonly field: FieldNode;
  /** On the root type: decided before anything is fetched, as there is no parent to wait for. */
  readonly isRoot: boolean;
}

/** By selection of a field, and then by name of the object type that it may be asked of. */
export type QuestionsByField = ReadonlyMap<FieldNode, ReadonlyMap<string, Question>>;

export interface OperationQuestions {
  readonly questions: readonly Question[];
  readonly byField: QuestionsByField;
}

export interface QuestionsOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly table: RuleTable;
}

/**
 * Collects what is to be decided of an operation. Each selection is looked at once for each type condition that it stands
 * under, however often its fragment is used, so that the work grows with the document and not with what it expands to.
 */
export function operationQuestions(options: QuestionsOptions): OperationQuestions {
  const { schema, operation, fragments, table } = options;
  const questions: Question[] = [];
  const byKey = new Map<string, Question>();
  const byField = new Map<FieldNode, ReadonlyMap<string, Question>>();
  const root = schema.getRootType(operation.operation);
  const done = new Set<string>();

  const question = (type: GraphQLObjectType, field: FieldNode): Question | undefined => {
    const guard = table.guardOf(type.name, field.name.value);
    if (guard === undefined) return undefined;
    const key = `${guard.coordinate}(${(field.arguments ?? []).map(print).sort().join()})`;
    let known = byKey.get(key);
    if (known === undefined) {
      known = { id: questions.length, type, guard, field, isRoot: type === root };
      questions.push(known);
      byKey.set(key, known);
    }
    return known;
  };

  const collect = ({ selections }: SelectionSetNode, parent: GraphQLCompositeType): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value.startsWith('__')) continue;
        const found = possibleTypes(schema, parent).flatMap((type): [string, Question][] => {
          const each = question(type, selection);
          return each === undefined ? [] : [[type.name, each]];
        });
        if (found.length > 0) byField.set(selection, new Map(found));
        const type = 'getFields' in parent ? parent.getFields()[selection.name.value]?.type : undefined;
        const named = type && getNamedType(type);
        if (selection.selectionSet !== undefined && isCompositeType(named))
          collect(selection.selectionSet, named);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD && done.has(selection.name.value)) continue;
      if (selection.kind === Kind.FRAGMENT_SPREAD) done.add(selection.name.value);
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
      if (fragment !== undefined)
        collect(fragment.selectionSet, isCompositeType(condition) ? condition : parent);
    }
  };
  if (isObjectType(root)) collect(operation.selectionSet, root);
  return { questions, byField };
}

/** Object types that a value of a type may be of. */
export function possibleTypes(
  schema: GraphQLSchema,
  type: GraphQLCompositeType,
): readonly GraphQLObjectType[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
}

/** The fragments of a document, by name. */
export function fragmentsOf(
  definitions: readonly { readonly kind: string }[],
): Map<string, FragmentDefinitionNode> {
  const fragments = definitions.filter(
    (definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION,
  );
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}
