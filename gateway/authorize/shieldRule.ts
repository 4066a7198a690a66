/**
 * A rule of graphql-shield as the gateway evaluates it. The gateway calls the functions of rules itself, and not shield's
 * `resolve`: that one allows `not` of a rule that throws, takes one field's contextual verdict for another, and hashes all
 * arguments of a `strict` rule (seconds for a megabyte of variables).
 */
export type ShieldRule =
  | { readonly kind: 'constant'; readonly allows: boolean }
  | LeafRule
  | { readonly kind: 'and' | 'or' | 'chain' | 'race'; readonly rules: readonly ShieldRule[] }
  | { readonly kind: 'not'; readonly rule: ShieldRule; readonly error: Error | undefined };

/** `rule(…)(function)` and `inputRule(…)(schema)`. */
export interface LeafRule {
  readonly kind: 'leaf';
  readonly name: string;
  /** Fields of the parent that the rule reads: `fragment UserId on User { id }`. */
  readonly fragment: string | undefined;
  readonly ask: (parent: unknown, args: unknown, context: unknown, info: unknown) => unknown;
}

/** The members of shield's classes that are read here. Source: graphql-shield 7.6.5, `rules.ts`. */
interface ForeignRule {
  readonly name?: unknown;
  readonly func?: unknown;
  readonly fragment?: unknown;
  readonly rules?: unknown;
  readonly error?: unknown;
}

const leaves = new WeakMap<object, LeafRule>();

/** Whether a value is a rule of shield, whichever copy of the package made it: shield itself goes by class names too. */
export function isForeignRule(value: unknown): value is object {
  return typeof value === 'object' && value !== null && classNameOf(value) !== undefined;
}

/**
 * Reads a rule as shield made it.
 * @throws Error when it is of a class that shield does not have: its `resolve` is not called here
 */
export function readRule(value: object): ShieldRule {
  const name = classNameOf(value);
  const foreign = value as ForeignRule;
  switch (name) {
    case 'Rule':
    case 'InputRule':
      return leafOf(value, foreign);
    case 'RuleTrue':
      return { kind: 'constant', allows: true };
    case 'RuleFalse':
      return { kind: 'constant', allows: false };
    case 'RuleAnd':
      return folded({ kind: 'and', rules: membersOf(foreign) });
    case 'RuleOr':
      return folded({ kind: 'or', rules: membersOf(foreign) });
    case 'RuleChain':
      return folded({ kind: 'chain', rules: membersOf(foreign) });
    case 'RuleRace':
      return folded({ kind: 'race', rules: membersOf(foreign) });
    case 'RuleNot': {
      const [rule] = membersOf(foreign);
      if (rule === undefined) throw new Error('`not` has no rule');
      if (rule.kind === 'constant' && !rule.allows) return { kind: 'constant', allows: true };
      return { kind: 'not', rule, error: foreign.error instanceof Error ? foreign.error : undefined };
    }
    default:
      throw new Error('it is no rule of graphql-shield');
  }
}

/** Every function that a rule may call. */
export function leavesOf(rule: ShieldRule): readonly LeafRule[] {
  switch (rule.kind) {
    case 'constant':
      return [];
    case 'leaf':
      return [rule];
    case 'not':
      return leavesOf(rule.rule);
    default:
      return rule.rules.flatMap(leavesOf);
  }
}

const CLASSES = new Set([
  'Rule',
  'InputRule',
  'RuleTrue',
  'RuleFalse',
  'RuleAnd',
  'RuleOr',
  'RuleChain',
  'RuleRace',
  'RuleNot',
]);

/** Only of the classes themselves: one that inherits of them may resolve in a way of its own. */
function classNameOf(value: object): string | undefined {
  const { name } =
    (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor ?? {};
  return typeof name === 'string' && CLASSES.has(name) ? name : undefined;
}

function leafOf(value: object, { name, func, fragment }: ForeignRule): LeafRule {
  let leaf = leaves.get(value);
  if (leaf === undefined) {
    if (typeof func !== 'function') throw new Error('it has no function');
    leaf = {
      kind: 'leaf',
      // shield names an unnamed rule by a random number
      name: typeof name === 'string' && !/^0\.\d+$/.test(name) ? name : 'an unnamed rule',
      fragment: typeof fragment === 'string' ? fragment : undefined,
      ask: func as LeafRule['ask'],
    };
    leaves.set(value, leaf);
  }
  return leaf;
}

function membersOf({ rules }: ForeignRule): ShieldRule[] {
  if (!Array.isArray(rules)) throw new Error('it has no list of rules');
  return rules.map((rule: unknown) => {
    if (!isForeignRule(rule)) throw new Error('one of its rules is no rule of graphql-shield');
    return readRule(rule);
  });
}

/** Rules that say the same whoever asks are decided here, once. */
function folded(rule: Extract<ShieldRule, { kind: 'and' | 'or' | 'chain' | 'race' }>): ShieldRule {
  const needsAll = rule.kind === 'and' || rule.kind === 'chain';
  const isConstant = (each: ShieldRule, allows: boolean): boolean =>
    each.kind === 'constant' && each.allows === allows;
  if (rule.rules.every((each) => isConstant(each, needsAll))) return { kind: 'constant', allows: needsAll };
  return rule;
}
