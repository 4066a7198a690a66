import {
  coerceInputValue,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  isSpecifiedScalarType,
  print,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromAST,
} from 'graphql';
import { LongNumber, rounded } from '../runtime/longNumber.ts';

/** Values as the schema has them, defaults filled in; or what is wrong with them. */
export type CoercedVariables =
  | { readonly coerced: Readonly<Record<string, unknown>>; readonly errors?: undefined }
  | { readonly coerced?: undefined; readonly errors: readonly GraphQLError[] };

export interface CoerceVariablesOptions {
  readonly schema: GraphQLSchema;
  readonly definitions: readonly VariableDefinitionNode[];
  /** As the client sent them, with `LongNumber`s where `JSON.parse` would round. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Whether messages leave out what the schema calls similar things. */
  readonly hidesSuggestions: boolean;
}

/** More are not looked for: a list of a hundred thousand wrong numbers is wrong after the first few. */
const MAX_ERRORS = 20;

/** A wrong value is quoted so far. */
const MAX_QUOTED_CHARACTERS = 100;

/**
 * Coerces the variables of an operation.
 *
 * graphql-js does the same, but quotes the whole of a wrong value in every message: 50,000 unknown keys of one object are
 * 50,000 messages of a megabyte each, and hours of work. Here the first errors end it, and values are quoted in part.
 *
 * Values of custom scalars and IDs keep all the digits that were sent.
 *
 * Source: GraphQL specification §6.1.2, CoerceVariableValues; messages of graphql-js, `execution/values.ts`, which Apollo
 * Server knows them by.
 */
export function coerceVariables(options: CoerceVariablesOptions): CoercedVariables {
  const errors: GraphQLError[] = [];
  const coerced = Object.create(null) as Record<string, unknown>;
  try {
    for (const definition of options.definitions) coerceOne(definition, options, { coerced, errors });
  } catch (error) {
    if (error !== ENOUGH) throw error;
    errors.push(new GraphQLError('Too many errors processing variables; the rest are not looked at.', CODE));
  }
  return errors.length === 0 ? { coerced } : { errors };
}

const ENOUGH = Symbol('enough errors');
const CODE = { extensions: { code: 'BAD_USER_INPUT' } };

interface Results {
  readonly coerced: Record<string, unknown>;
  readonly errors: GraphQLError[];
}

function coerceOne(
  definition: VariableDefinitionNode,
  { schema, variables, hidesSuggestions }: CoerceVariablesOptions,
  { coerced, errors }: Results,
): void {
  const name = definition.variable.name.value;
  const refuse = (message: string, originalError?: Error): void => {
    errors.push(
      new GraphQLError(`Variable "$${name}" ${message}`, { nodes: definition, originalError, ...CODE }),
    );
    if (errors.length >= MAX_ERRORS) throw ENOUGH;
  };
  const type = typeFromAST(schema, definition.type);
  if (!isInputType(type)) {
    refuse(`expected value of type "${print(definition.type)}" which cannot be used as an input type.`);
    return;
  }
  if (!Object.hasOwn(variables, name)) {
    if (definition.defaultValue !== undefined) coerced[name] = valueFromAST(definition.defaultValue, type);
    else if (isNonNullType(type)) refuse(`of required type "${String(type)}" was not provided.`);
    return;
  }
  const sent = variables[name];
  const value = rounded(sent);
  if (value === null && isNonNullType(type)) {
    refuse(`of non-null type "${String(type)}" must not be null.`);
    return;
  }
  // each unknown key of an object is an error about the same one; of one with 50,000 keys, to begin to list them takes 3 ms
  const quoted = new Map<unknown, string>();
  const quoteOnce = (wrong: unknown): string => {
    const text = quoted.get(wrong) ?? quote(wrong);
    quoted.set(wrong, text);
    return text;
  };
  const result: unknown = coerceInputValue(
    value,
    type,
    (path, invalidValue, error) => {
      const place = path.length === 0 ? '' : ` at "${name}${printPath(path)}"`;
      refuse(`got invalid value ${quoteOnce(invalidValue)}${place}; ${error.message}`, error);
    },
    hidesSuggestions,
  );
  coerced[name] = value === sent ? result : withDigits(result, sent, type);
}

/** Puts back into coerced values the digits that were sent, where the type is one that keeps them: a custom scalar, or an ID. */
function withDigits(value: unknown, sent: unknown, type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return withDigits(value, sent, type.ofType);
  if (isListType(type)) {
    if (!Array.isArray(value)) return value;
    // one value stands for a list of it
    const items = Array.isArray(sent) ? sent : [sent];
    return value.map((item, index) => withDigits(item, items[index], type.ofType));
  }
  if (isInputObjectType(type)) {
    if (!isObjectLike(value) || !isObjectLike(sent)) return value;
    for (const [name, field] of Object.entries(type.getFields())) {
      if (Object.hasOwn(value, name) && Object.hasOwn(sent, name))
        value[name] = withDigits(value[name], sent[name], field.type);
    }
    return value;
  }
  if (type.name === 'ID') return sent instanceof LongNumber ? String(sent) : value;
  return isEnumType(type) || isSpecifiedScalarType(type) ? value : sent;
}

function isObjectLike(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function printPath(path: readonly (string | number)[]): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
}

/** As graphql-js quotes: texts as JSON, `[1, 2]`, `{ a: 1 }`; what is inside of an object only where it is small. */
function quote(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(
      value.length > MAX_QUOTED_CHARACTERS ? `${value.slice(0, MAX_QUOTED_CHARACTERS)}…` : value,
    );
  }
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return value.length > 10 ? `[${value.length} items]` : `[${value.map(quoteInner).join(', ')}]`;
  }
  const keys: string[] = [];
  for (const key in value) {
    if (keys.length === 10) return '{ … }';
    keys.push(key);
  }
  if (keys.length === 0) return '{}';
  const inner = keys.map((key) => `${key}: ${quoteInner((value as Record<string, unknown>)[key])}`);
  return `{ ${inner.join(', ')} }`;
}

function quoteInner(value: unknown): string {
  if (typeof value !== 'object' || value === null) return quote(value);
  return Array.isArray(value) ? '[Array]' : '[Object]';
}
