import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { BoundedMap } from './boundedMap.ts';
import { Decisions, type DecisionVector } from './decisions.ts';
import { type DeniedPlace, deniedPlaces, isIncludedBy } from './deniedPlaces.ts';
import { fragmentsOf, type OperationQuestions, operationQuestions } from './operationQuestions.ts';
import { parentWalk } from './parentWalk.ts';
import { permittedOperation } from './permittedOperation.ts';
import type { KeyOf } from './responseShape.ts';
import type { RuleTable } from './ruleTable.ts';
import { type LeafRule, leavesOf } from './shieldRule.ts';

/** Permitted operations kept for one operation of clients; each has a plan of its own in the engine. */
const MAX_PERMITTED = 64;
/** Sets of values of the variables that `@skip` and `@include` name. */
const MAX_CONDITIONS = 64;

/** What is left of an operation for one set of decisions. */
export interface Permitted {
  /** The same object for the same decisions: engines keep plans by document. */
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly source: string;
  readonly sourceHash: string;
  readonly decisions: Decisions;
  /** Whether rules are to be asked of fetched parents. */
  readonly asksParents: boolean;
  /** What the names of fields that rules read begin with, and none of the client’s. */
  readonly hiddenPrefix: string;
}

/** Values of the variables that `@skip` and `@include` name, as the operation's answer depends on them. */
export interface Conditions {
  readonly key: string;
  readonly isIncluded: (selection: SelectionNode) => boolean;
}

/** An operation of clients with all that authorization finds out about it once. */
export class GuardedOperation {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** The same as rules get them, in `info`. */
  readonly fragmentsByName: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly questions: OperationQuestions['questions'];
  readonly hasIntrospection: boolean;
  /** Whether the principal alone decides: no rule of a team and no policy is asked. */
  readonly isDecidedByPrincipal: boolean;
  readonly vectors = new BoundedMap<string, DecisionVector>(256);
  readonly #document: DocumentNode;
  readonly #byField: OperationQuestions['byField'];
  readonly #table: RuleTable;
  readonly #conditionVariables: readonly string[];
  readonly #hiddenPrefix: string;
  readonly #hiddenIds = new Map<LeafRule, number>();
  readonly #permitted = new BoundedMap<DecisionVector, Permitted>(MAX_PERMITTED);
  readonly #active = new BoundedMap<string, ReadonlySet<number>>(MAX_CONDITIONS);
  readonly #places = new BoundedMap<string, readonly DeniedPlace[]>(MAX_CONDITIONS);
  readonly #walks = new BoundedMap<string, ReturnType<typeof parentWalk>>(MAX_CONDITIONS);

  constructor(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    { schema, table }: { readonly schema: GraphQLSchema; readonly table: RuleTable },
  ) {
    this.schema = schema;
    this.operation = operation;
    this.fragments = fragmentsOf(document.definitions);
    this.fragmentsByName = Object.fromEntries(this.fragments);
    this.#document = document;
    this.#table = table;
    const found = operationQuestions({ schema, operation, fragments: this.fragments, table });
    this.questions = found.questions;
    this.#byField = found.byField;
    this.isDecidedByPrincipal = found.questions.every(
      ({ guard }) => guard.rules.length === 0 && guard.clauses.every(({ kind }) => kind !== 'policies'),
    );
    const names = namesIn(document);
    this.hasIntrospection = names.hasIntrospection;
    this.#conditionVariables = names.conditionVariables;
    this.#hiddenPrefix = names.freePrefix;
  }

  conditionsOf(variables: Readonly<Record<string, unknown>>): Conditions {
    const values = this.#conditionVariables.map((name) => (variables[name] === true ? '1' : '0'));
    return { key: values.join(''), isIncluded: isIncludedBy(variables) };
  }

  /** The questions of selections that `@skip` and `@include` leave in. */
  activeQuestions({ key, isIncluded }: Conditions): ReadonlySet<number> {
    return this.#active.getOrMake(key, () => {
      const active = new Set<number>();
      const seen = new Set<SelectionSetNode>();
      const collect = (selectionSet: SelectionSetNode): void => {
        if (seen.has(selectionSet)) return;
        seen.add(selectionSet);
        for (const selection of selectionSet.selections) {
          if (!isIncluded(selection)) continue;
          if (selection.kind === Kind.FIELD) {
            for (const { id } of this.#byField.get(selection)?.values() ?? []) active.add(id);
            if (selection.selectionSet !== undefined) collect(selection.selectionSet);
            continue;
          }
          const fragment =
            selection.kind === Kind.INLINE_FRAGMENT ? selection : this.fragments.get(selection.name.value);
          if (fragment !== undefined) collect(fragment.selectionSet);
        }
      };
      collect(this.operation.selectionSet);
      return active;
    });
  }

  permitted(vector: DecisionVector): Permitted {
    return this.#permitted.getOrMake(vector, () => {
      const decisions = new Decisions({ questions: this.questions, byField: this.#byField }, vector, {
        schema: this.schema,
        table: this.#table,
      });
      const asksParents = vector.includes('?');
      if (!/[-?.]/.test(vector)) {
        const source = print(this.#document);
        const { operation } = this;
        return {
          document: this.#document,
          operation,
          source,
          sourceHash: hashOf(source),
          decisions,
          asksParents,
          hiddenPrefix: this.#hiddenPrefix,
        };
      }
      const { document, operation } = permittedOperation({
        schema: this.schema,
        operation: this.operation,
        fragments: this.fragments,
        decisions,
        hiddenFields: (type, field) => this.#hiddenFields(type, field),
      });
      const source = print(document);
      const hiddenPrefix = this.#hiddenPrefix;
      return {
        document,
        operation,
        source,
        sourceHash: hashOf(source),
        decisions,
        asksParents,
        hiddenPrefix,
      };
    });
  }

  deniedPlaces({ decisions }: Permitted, { key, isIncluded }: Conditions): readonly DeniedPlace[] {
    return this.#places.getOrMake(`${decisions.vector} ${key}`, () =>
      deniedPlaces({
        schema: this.schema,
        operation: this.operation,
        fragments: this.fragments,
        byField: this.#byField,
        decisions,
        isIncluded,
      }),
    );
  }

  /** @param keyOf of the engine, which is always the same one */
  parentWalk(
    { decisions }: Permitted,
    { key, isIncluded }: Conditions,
    keyOf: KeyOf,
  ): ReturnType<typeof parentWalk> {
    return this.#walks.getOrMake(`${decisions.vector} ${key}`, () =>
      parentWalk({
        schema: this.schema,
        operation: this.operation,
        fragments: this.fragments,
        byField: this.#byField,
        decisions,
        isIncluded,
        keyOf,
      }),
    );
  }

  /** The name under which a field that a rule reads is asked for: one that no client of the operation uses. */
  hiddenAlias(leaf: LeafRule, index: number): string {
    let id = this.#hiddenIds.get(leaf);
    if (id === undefined) {
      id = this.#hiddenIds.size;
      this.#hiddenIds.set(leaf, id);
    }
    return `${this.#hiddenPrefix}${id}_${index}`;
  }

  #hiddenFields(type: GraphQLObjectType, field: FieldNode): readonly FieldNode[] {
    const rules = this.#byField.get(field)?.get(type.name)?.guard.rules ?? [];
    return rules.flatMap(({ rule, parentFields }) =>
      [...new Set(leavesOf(rule))].flatMap((leaf) =>
        (parentFields.get(leaf)?.fields ?? []).map(
          (each, index): FieldNode => ({
            ...each,
            alias: { kind: Kind.NAME, value: this.hiddenAlias(leaf, index) },
          }),
        ),
      ),
    );
  }
}

function hashOf(source: string): string {
  return createHash('sha256').update(source).digest('hex');
}

interface NamesIn {
  readonly hasIntrospection: boolean;
  readonly conditionVariables: readonly string[];
  readonly freePrefix: string;
}

function namesIn(document: DocumentNode): NamesIn {
  const aliases: string[] = [];
  const conditions = new Set<string>();
  let hasIntrospection = false;
  visit(document, {
    Field({ name, alias }) {
      if (name.value === '__schema' || name.value === '__type') hasIntrospection = true;
      aliases.push(alias?.value ?? name.value);
    },
    Directive({ name, arguments: given }) {
      if (name.value !== 'skip' && name.value !== 'include') return;
      for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) conditions.add(value.name.value);
    },
  });
  let freePrefix = '_r_';
  while (aliases.some((alias) => alias.startsWith(freePrefix))) freePrefix = `_r${freePrefix}`;
  return { hasIntrospection, conditionVariables: [...conditions], freePrefix };
}
