import type { Principal } from '../http/principal.ts';
import { holds, type PolicyAnswers } from './clause.ts';
import type { Question } from './operationQuestions.ts';
import type { RuleCalls } from './ruleCalls.ts';
import { type InfoSource, type RuleInput, rootParent, ruleInput, unreadableParent } from './ruleInfo.ts';
import type { GuardRule } from './ruleTable.ts';
import type { LeafRule } from './shieldRule.ts';
import { evaluate, Fault, isPromise, type MaybePromise, NEEDS_PARENT, type Verdict } from './verdict.ts';

/** What was said of one question. */
export interface Answer {
  readonly decision: '+' | '-' | '?';
  /** Why it is denied: what a rule said; `undefined` where a directive denies. */
  readonly verdict: Verdict | undefined;
}

const ALLOWED: Answer = { decision: '+', verdict: true };
const DENIED: Answer = { decision: '-', verdict: undefined };

export interface OperationDecisionOptions {
  readonly principal: Principal;
  readonly policies: PolicyAnswers;
  readonly source: InfoSource;
}

/**
 * The decisions of one request. What a rule said is kept to the end of the request, for the question that it was asked for
 * and no other: shield's `contextual` cache would take the verdict on one field for that on another.
 */
export class OperationDecision {
  readonly #options: OperationDecisionOptions;
  readonly #asked = new Map<GuardRule, Map<Question, Map<LeafRule, MaybePromise<Verdict>>>>();
  readonly #inputs = new Map<GuardRule, Map<Question, RuleInput | Fault>>();

  constructor(options: OperationDecisionOptions) {
    this.#options = options;
  }

  /** Decides as much as can be decided without the parent. A promise only where a rule gave one. */
  decide(question: Question, calls: RuleCalls): MaybePromise<Answer> {
    const { principal, policies } = this.#options;
    const { clauses, rules } = question.guard;
    if (!clauses.every((clause) => holds(clause, principal, policies))) return DENIED;
    if (rules.length === 0) return ALLOWED;
    const verdicts = rules.map((rule) =>
      evaluate(rule.rule, (leaf) =>
        needsParent(leaf, rule, question) ? NEEDS_PARENT : this.#ask(leaf, rule, question, calls),
      ),
    );
    return verdicts.some(isPromise)
      ? Promise.all(verdicts).then(answerOf)
      : answerOf(verdicts as readonly Verdict[]);
  }

  /** Decides with the parent at hand. */
  decideWithParent(question: Question, parent: ParentOf, calls: RuleCalls): MaybePromise<Answer> {
    const verdicts = question.guard.rules.map((rule) =>
      evaluate(rule.rule, (leaf) => {
        if (!needsParent(leaf, rule, question)) return this.#ask(leaf, rule, question, calls);
        const input = this.#inputOf(rule, question);
        if (input instanceof Fault) return input;
        return calls.call(leaf, { coordinate: rule.coordinate, parent: parent(leaf), ...input });
      }),
    );
    return verdicts.some(isPromise)
      ? Promise.all(verdicts).then(answerOf)
      : answerOf(verdicts as readonly Verdict[]);
  }

  inputOf(question: Question): RuleInput | undefined {
    const [rule] = question.guard.rules;
    const input = rule && this.#inputOf(rule, question);
    return input instanceof Fault ? undefined : input;
  }

  #ask(leaf: LeafRule, rule: GuardRule, question: Question, calls: RuleCalls): MaybePromise<Verdict> {
    const byQuestion = this.#asked.get(rule) ?? new Map<Question, Map<LeafRule, MaybePromise<Verdict>>>();
    this.#asked.set(rule, byQuestion);
    const byLeaf = byQuestion.get(question) ?? new Map<LeafRule, MaybePromise<Verdict>>();
    byQuestion.set(question, byLeaf);
    let verdict = byLeaf.get(leaf);
    if (verdict === undefined) {
      const input = this.#inputOf(rule, question);
      const parent =
        question.isRoot && rule.coordinate === question.guard.coordinate ? rootParent : unreadableParent;
      verdict =
        input instanceof Fault ? input : calls.call(leaf, { coordinate: rule.coordinate, parent, ...input });
      byLeaf.set(leaf, verdict);
    }
    return verdict;
  }

  #inputOf(rule: GuardRule, question: Question): RuleInput | Fault {
    const byQuestion = this.#inputs.get(rule) ?? new Map<Question, RuleInput | Fault>();
    this.#inputs.set(rule, byQuestion);
    let input = byQuestion.get(question);
    if (input === undefined) {
      const isOwn = rule.coordinate === question.guard.coordinate;
      try {
        input = ruleInput(rule.coordinate, isOwn ? question.field : undefined, this.#options.source);
      } catch (error) {
        input = new Fault(error);
      }
      byQuestion.set(question, input);
    }
    return input;
  }
}

/** Gives the parent as a rule wants to read it. */
export type ParentOf = (leaf: LeafRule) => unknown;

/** Of the root there is no parent to wait for: a rule on it is decided before the fetch, on mutations above all. */
function needsParent(leaf: LeafRule, rule: GuardRule, question: Question): boolean {
  return !question.isRoot && rule.parentFields.has(leaf);
}

/** All rules of a guard must allow; the first error is shown. */
function answerOf(verdicts: readonly Verdict[]): Answer {
  const denied =
    verdicts.find((verdict) => verdict instanceof Error) ??
    verdicts.find((verdict) => verdict === false || verdict instanceof Fault);
  if (denied !== undefined) return { decision: '-', verdict: denied };
  return verdicts.includes(NEEDS_PARENT) ? { decision: '?', verdict: undefined } : ALLOWED;
}
