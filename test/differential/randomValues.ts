import {
  astFromValue,
  type GraphQLInputType,
  GraphQLScalarType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  print,
} from 'graphql';
import type { Random } from './random.ts';

/** The variables of an operation, declared as they are met. */
export class VariableDraft {
  readonly definitions: string[] = [];
  readonly values: Record<string, unknown> = {};
  readonly #random: Random;
  readonly #byType = new Map<string, string[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * Declares a variable, or takes one of the same type again.
   *
   * @param variable `value: undefined` leaves it out of the values that are sent
   * @returns how the document writes it: `$v0`
   */
  declare(variable: { readonly type: string; readonly value: unknown; readonly default?: string }): string {
    const kind = `${variable.type} ${variable.default}`;
    const known = this.#byType.get(kind) ?? [];
    if (known.length > 0 && this.#random.chance(0.3)) return this.#random.pick(known);
    const isHostile = this.definitions.length === 3 && this.#random.chance(0.1);
    const name = isHostile ? 'representations' : `v${this.definitions.length}`;
    this.definitions.push(
      `$${name}: ${variable.type}${variable.default === undefined ? '' : ` = ${variable.default}`}`,
    );
    if (variable.value !== undefined) this.values[name] = variable.value;
    this.#byType.set(kind, [...known, `$${name}`]);
    return `$${name}`;
  }
}

export interface LiteralContext {
  readonly random: Random;
  readonly variables: VariableDraft;
  /** The place has a default, so a nullable variable may stand at a non-null type. */
  readonly hasDefault?: boolean;
  readonly depth?: number;
}

/** A value as the document writes it: a literal, a variable, or a literal with variables inside. */
export function randomLiteral(type: GraphQLInputType, context: LiteralContext): string {
  const { random, variables, depth = 0 } = context;
  if (random.chance(0.35)) return declared(type, context);
  if (isNonNullType(type)) return literalOf(type.ofType, context);
  if (random.chance(0.12) && !isNonNullType(type)) return 'null';
  return literalOf(type, { random, variables, depth });
}

function declared(type: GraphQLInputType, { random, variables, hasDefault }: LiteralContext): string {
  const isNonNull = isNonNullType(type);
  const nullable = isNonNull ? type.ofType : type;
  if (isNonNull && hasDefault !== true) {
    // a default makes a nullable variable fit a non-null place
    if (random.chance(0.3)) {
      const fallback = plainLiteral(nullable, random);
      if (fallback !== 'null') {
        const value = random.chance(0.5) ? undefined : valueFor(nullable, random, 0);
        return variables.declare({ type: String(nullable), value: value ?? undefined, default: fallback });
      }
    }
    return variables.declare({ type: String(type), value: valueFor(nullable, random, 0) });
  }
  const sent = random.pick(['value', 'value', 'absent', 'null'] as const);
  const value = sent === 'absent' ? undefined : sent === 'null' ? null : valueFor(nullable, random, 0);
  if (isNonNull) return variables.declare({ type: String(nullable), value: value ?? undefined });
  if (random.chance(0.3)) {
    return variables.declare({ type: String(nullable), value, default: plainLiteral(nullable, random) });
  }
  return variables.declare({ type: String(nullable), value });
}

function literalOf(type: GraphQLInputType, context: LiteralContext): string {
  const { random, variables, depth = 0 } = context;
  const inner = { random, variables, depth: depth + 1 };
  if (isNonNullType(type)) return literalOf(type.ofType, context);
  if (isListType(type)) {
    // one item stands for a list of it
    if (random.chance(0.15) && !isListType(type.ofType)) return literalOf(type.ofType, inner);
    const items = Array.from({ length: random.below(3) }, () => randomLiteral(type.ofType, inner));
    return `[${items.join(', ')}]`;
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).flatMap((field) => {
      const isRequired = isNonNullType(field.type) && field.defaultValue === undefined;
      if (!isRequired && (depth > 2 || random.chance(0.5))) return [];
      return `${field.name}: ${randomLiteral(field.type, inner)}`;
    });
    return `{ ${random.shuffle(fields).join(', ')} }`;
  }
  return plainLiteral(type, random);
}

/** A literal without variables. */
function plainLiteral(type: GraphQLInputType, random: Random): string {
  if (type instanceof GraphQLScalarType && type.name === 'Json') return random.pick(JSON_LITERALS);
  const value = valueFor(type, random, 0);
  if (isEnumType(type)) return String(value);
  if (isListType(type) || isNonNullType(type) || isInputObjectType(type)) {
    // values of these hold enums and JSON, which `astFromValue` does not read from JSON values
    return isNonNullType(type) ? plainLiteral(type.ofType, random) : literalWithout(type, random);
  }
  const node = astFromValue(value, type);
  return node == null ? 'null' : print(node);
}

function literalWithout(type: GraphQLInputType, random: Random): string {
  if (isListType(type)) return `[${plainLiteral(type.ofType, random)}]`;
  if (!isInputObjectType(type)) return 'null';
  const required = Object.values(type.getFields()).filter(({ type: inner }) => isNonNullType(inner));
  return `{ ${required.map((field) => `${field.name}: ${plainLiteral(field.type, random)}`).join(', ')} }`;
}

/** A value as variables carry it, for a type in SDL's words that needs no schema. */
export function randomValue(type: 'Boolean!', random: Random): boolean {
  return type === 'Boolean!' && random.chance(0.5);
}

function valueFor(type: GraphQLInputType, random: Random, depth: number): unknown {
  if (isNonNullType(type)) return valueFor(type.ofType, random, depth);
  if (isListType(type)) {
    return Array.from({ length: random.below(3) }, () => nullableValue(type.ofType, random, depth + 1));
  }
  if (isInputObjectType(type)) {
    const value: Record<string, unknown> = {};
    for (const field of Object.values(type.getFields())) {
      const isRequired = isNonNullType(field.type) && field.defaultValue === undefined;
      if (isRequired || (depth < 3 && random.chance(0.5))) {
        value[field.name] = nullableValue(field.type, random, depth + 1);
      }
    }
    return value;
  }
  if (isEnumType(type)) return random.pick(type.getValues()).name;
  switch (type.name) {
    case 'Int':
      return random.between(-5, 50);
    case 'Float':
      return random.pick([0.5, -1, 1e10, 3]);
    case 'Boolean':
      return random.chance(0.5);
    case 'ID':
      return random.pick(['T0:1', 'x', '']);
    case 'String':
      return random.pick(['', 'text', 'with "quotes" and \\ and\nline', '$v0', '\u2028😀']);
    default:
      return random.pick([1, 'json', true, [1, null, { a: [] }], { b: 1, a: { __typename: 'T0' } }]);
  }
}

function nullableValue(type: GraphQLInputType, random: Random, depth: number): unknown {
  return !isNonNullType(type) && random.chance(0.15) ? null : valueFor(type, random, depth);
}

const JSON_LITERALS = [
  '1',
  '"text"',
  'true',
  '{ b: 1, a: [null, 2.5] }',
  '[]',
  '{ __typename: "T0" }',
  '[[1], { x: "y" }]',
];
