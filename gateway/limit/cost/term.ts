/** What a formula is replayed with. */
export interface CostInputs {
  /** Variables as the client sent them: what is not given costs nothing. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The same as the schema has them: the sizes of lists may come of defaults. */
  readonly coerced: Readonly<Record<string, unknown>>;
}

/** A part of a formula: a number that is known when it is compiled, or what depends on variables. */
export type Term = number | ((inputs: CostInputs) => number);

/** The same of a size that may be unknown. */
export type SizeTerm = number | undefined | ((inputs: CostInputs) => number | undefined);

export function evaluate(term: Term, inputs: CostInputs): number {
  return typeof term === 'number' ? term : term(inputs);
}

export function sum(terms: readonly Term[]): Term {
  let constant = 0;
  const variable: ((inputs: CostInputs) => number)[] = [];
  for (const term of terms) {
    if (typeof term === 'number') constant += term;
    else variable.push(term);
  }
  const [first, ...others] = variable;
  if (first === undefined) return constant;
  if (others.length === 0) return constant === 0 ? first : (inputs) => constant + first(inputs);
  return (inputs) => {
    let total = constant;
    for (const term of variable) total += term(inputs);
    return total;
  };
}

export function product(one: Term, other: Term): Term {
  if (typeof one === 'number' && typeof other === 'number') return one * other;
  if (one === 1) return other;
  if (other === 1) return one;
  return (inputs) => {
    const count = evaluate(one, inputs);
    // a slicing argument beyond all numbers times a free field is free
    return count === 0 ? 0 : times(count, evaluate(other, inputs));
  };
}

function times(count: number, cost: number): number {
  return cost === 0 ? 0 : count * cost;
}

/** Source: IBM cost specification, "if the total is negative it is rounded up to zero"; a weight may be negative. */
export function atLeastZero(term: Term): Term {
  return typeof term === 'number' ? Math.max(0, term) : (inputs) => Math.max(0, term(inputs));
}

/** The largest of the sizes that are known. */
export function largest(sizes: readonly SizeTerm[]): SizeTerm {
  let constant: number | undefined;
  const variable: ((inputs: CostInputs) => number | undefined)[] = [];
  for (const size of sizes) {
    if (typeof size === 'function') variable.push(size);
    else constant = larger(constant, size);
  }
  if (variable.length === 0) return constant;
  return (inputs) => {
    let result = constant;
    for (const size of variable) result = larger(result, size(inputs));
    return result;
  };
}

function larger(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : Math.max(one, other);
}

/** The first size, or the second where the first is not known. */
export function orElse(first: SizeTerm, second: SizeTerm): SizeTerm {
  if (first === undefined) return second;
  if (typeof first === 'number') return first;
  return (inputs) => first(inputs) ?? (typeof second === 'function' ? second(inputs) : second);
}
