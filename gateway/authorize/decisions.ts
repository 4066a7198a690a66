import type { FieldNode, GraphQLSchema } from 'graphql';
import { isAbstractType } from 'graphql';
import { CUT, type Denials } from './denials.ts';
import type { OperationQuestions, QuestionsByField } from './operationQuestions.ts';
import type { RuleTable } from './ruleTable.ts';

/**
 * What was decided of one question: allowed, denied, to be asked of the fetched parent, or not asked at all, as `@skip` or
 * `@include` leaves out every selection of the field.
 */
export type Decision = '+' | '-' | '?' | '.';

/** The decisions of an operation, in the order of its questions, as one text: the key of what is made of them. */
export type DecisionVector = string;

/** What may be asked of an object, by the decisions of its operation. */
export class Decisions implements Denials {
  readonly vector: DecisionVector;
  readonly cut = CUT;
  readonly splitTypes = new Set<string>();
  readonly withheldTypes: ReadonlySet<string>;
  readonly #byField: QuestionsByField;
  readonly #schema: GraphQLSchema;
  /** Selections that cannot be split by type, and are denied on every one of them. */
  readonly #deniedEverywhere = new Set<FieldNode>();

  constructor({ questions, byField }: OperationQuestions, vector: DecisionVector, of: DecisionsOf) {
    this.vector = vector;
    this.#byField = byField;
    this.#schema = of.schema;
    const decisionsByType = new Map<string, string>();
    for (const { id, type } of questions) {
      decisionsByType.set(type.name, (decisionsByType.get(type.name) ?? '') + (vector[id] ?? '-'));
    }
    this.withheldTypes = new Set(
      [...decisionsByType].flatMap(([name, decisions]) =>
        of.table.isGuardedType(name) && /^[-.]*-[-.]*$/.test(decisions) ? [name] : [],
      ),
    );
  }

  /** What was decided of a selection on an object type. */
  of(typeName: string, field: FieldNode): Decision {
    if (this.#deniedEverywhere.has(field)) return '-';
    const question = this.#byField.get(field)?.get(typeName);
    // a question without a decision is a fault, and denies
    return question === undefined ? '+' : ((this.vector[question.id] ?? '-') as Decision);
  }

  isDenied(typeName: string, field: FieldNode): boolean {
    if (!this.#byField.has(field)) return false;
    const type = this.#schema.getType(typeName);
    if (!isAbstractType(type)) return this.of(typeName, field) === '-';
    return this.#schema.getPossibleTypes(type).every(({ name }) => this.of(name, field) === '-');
  }

  isAskedOfParent(typeName: string, field: FieldNode): boolean {
    return this.of(typeName, field) === '?';
  }

  denyEverywhere(field: FieldNode): void {
    this.#deniedEverywhere.add(field);
  }
}

export interface DecisionsOf {
  readonly schema: GraphQLSchema;
  readonly table: RuleTable;
}
