import type { LeafRule, ShieldRule } from './shieldRule.ts';

/**
 * What a rule says: `true`, `false`, the error that the client is to read, a fault, or that it cannot say without the parent.
 */
export type Verdict = boolean | Error | Fault | typeof NEEDS_PARENT;

/** A rule that threw, was too late, or gave what is no verdict. It denies, and `not` of it denies too. */
export class Fault {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

export const NEEDS_PARENT = Symbol('needs parent');

export type MaybePromise<Value> = Value | Promise<Value>;

/** Asks the function of one rule. */
export type AskLeaf = (leaf: LeafRule) => MaybePromise<Verdict>;

/**
 * Evaluates a rule as shield does: `and` and `or` ask all their rules at once, `chain` and `race` one after the other. It
 * differs where shield fails open: a fault is neither true nor false, so that no `not` turns it into a permission.
 * A promise only where a function gave one: most rules answer at once.
 */
export function evaluate(rule: ShieldRule, ask: AskLeaf): MaybePromise<Verdict> {
  switch (rule.kind) {
    case 'constant':
      return rule.allows;
    case 'leaf':
      return ask(rule);
    case 'not':
      return then(evaluate(rule.rule, ask), (verdict) => {
        if (verdict instanceof Fault || verdict === NEEDS_PARENT) return verdict;
        return verdict === true ? (rule.error ?? false) : true;
      });
    case 'and':
      return all(rule.rules, ask, everyOf);
    case 'or':
      return all(rule.rules, ask, someOf);
    case 'chain':
      return oneByOne(rule.rules, ask, (verdict) => verdict === true);
    case 'race':
      return race(rule.rules, ask);
    default:
      return rule satisfies never;
  }
}

function all(
  rules: readonly ShieldRule[],
  ask: AskLeaf,
  join: (verdicts: readonly Verdict[]) => Verdict,
): MaybePromise<Verdict> {
  const verdicts = rules.map((rule) => evaluate(rule, ask));
  return verdicts.some(isPromise) ? Promise.all(verdicts).then(join) : join(verdicts as Verdict[]);
}

/** One `false` decides, whatever the others say; then a fault. Of several, the first error is shown. */
function everyOf(verdicts: readonly Verdict[]): Verdict {
  const denied = verdicts.find((verdict) => verdict instanceof Error);
  if (denied !== undefined) return denied;
  if (verdicts.includes(false)) return false;
  return verdicts.find((verdict) => verdict instanceof Fault) ?? unknownOr(verdicts, true);
}

/** One `true` decides, whatever the others say; what a fault would have said is not known. */
function someOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(true)) return true;
  if (verdicts.includes(NEEDS_PARENT)) return NEEDS_PARENT;
  return (
    verdicts.find((verdict) => verdict instanceof Fault) ??
    verdicts.find((verdict) => verdict instanceof Error) ??
    false
  );
}

function unknownOr(verdicts: readonly Verdict[], otherwise: boolean): Verdict {
  return verdicts.includes(NEEDS_PARENT) ? NEEDS_PARENT : otherwise;
}

/** Up to the first that does not go on; its verdict, or `true` after the last. */
function oneByOne(
  [rule, ...others]: readonly ShieldRule[],
  ask: AskLeaf,
  goesOn: (verdict: Verdict) => boolean,
): MaybePromise<Verdict> {
  if (rule === undefined) return true;
  return then(evaluate(rule, ask), (verdict) => (goesOn(verdict) ? oneByOne(others, ask, goesOn) : verdict));
}

function race(
  [rule, ...others]: readonly ShieldRule[],
  ask: AskLeaf,
  before: readonly Verdict[] = [],
): MaybePromise<Verdict> {
  if (rule === undefined) return someOf(before);
  return then(evaluate(rule, ask), (verdict) =>
    verdict === true || verdict === NEEDS_PARENT ? verdict : race(others, ask, [...before, verdict]),
  );
}

/** Goes on at once where there is nothing to wait for. */
export function then<Value, Next>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Next>,
): MaybePromise<Next> {
  return isPromise(value) ? value.then(next) : next(value);
}

export function isPromise<Value>(value: MaybePromise<Value>): value is Promise<Value> {
  return value instanceof Promise;
}

/** Source: graphql-shield 7.6.5, `Rule.resolve`: a string is the message of an error; anything else is no verdict. */
export function verdictOf(value: unknown): Verdict {
  if (typeof value === 'boolean' || value instanceof Error) return value;
  if (typeof value === 'string') return new Error(value);
  return new Fault(
    new TypeError(`The rule gave ${kindOf(value)} where it must give true, false, or an error.`),
  );
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
