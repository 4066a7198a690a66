import type { JSONSchema7 } from '@ai-sdk/provider';
import {
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNullableType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql';
import { isAsked, type OutputFacts } from './outputFacts.ts';
import type { Selection } from './selection.ts';

export interface SchemaOptions {
  readonly facts: OutputFacts;
  /**
   * Whether `Int` says its 32 bits. Some providers refuse bounds, or drop them, so that they are only in the schema
   * that answers are checked with here.
   */
  readonly bounds: boolean;
}

const scalars: Readonly<Record<string, JSONSchema7>> = {
  String: { type: 'string' },
  ID: { type: 'string' },
  Float: { type: 'number' },
  Int: { type: 'integer' },
  Boolean: { type: 'boolean' },
};
const int32: JSONSchema7 = { type: 'integer', minimum: -2_147_483_648, maximum: 2_147_483_647 };

/** What stands in the place of a root that is no object, since providers take objects only. */
export const wrapper = 'value';

/**
 * The JSON Schema of a field's type, of the selected fields only. Nullable is `["T","null"]` and never "optional":
 * every object is closed and requires all that it has, the subset that every provider passes on unharmed.
 *
 * @param type checked by `typeProblems`
 */
export function jsonSchemaOf(
  type: GraphQLOutputType,
  selection: Selection | null,
  options: SchemaOptions,
): JSONSchema7 {
  const root = getNullableType(type);
  // the field may be null where a model fails; an answer never is
  if (isObjectType(root)) return objectSchema(root, { selection, isNullable: false, options });
  return closed({ [wrapper]: typeSchema(type, selection, options) });
}

function typeSchema(
  type: GraphQLOutputType,
  selection: Selection | null,
  options: SchemaOptions,
): JSONSchema7 {
  const isNullable = !isNonNullType(type);
  const inner = getNullableType(type);
  if (isListType(inner)) {
    const items = typeSchema(inner.ofType as GraphQLOutputType, selection, options);
    return { type: isNullable ? ['array', 'null'] : 'array', items };
  }
  if (isObjectType(inner)) return objectSchema(inner, { selection, isNullable, options });
  if (isEnumType(inner)) {
    const values: JSONSchema7 = { type: 'string', enum: inner.getValues().map(({ name }) => name) };
    return isNullable ? { anyOf: [values, { type: 'null' }] } : values;
  }
  const given = options.bounds && inner.name === 'Int' ? int32 : scalars[inner.name];
  const scalar = given ?? options.facts.scalars.get(inner.name) ?? {};
  if (!isNullable) return scalar;
  return typeof scalar.type === 'string'
    ? { ...scalar, type: [scalar.type, 'null'] }
    : { anyOf: [scalar, { type: 'null' }] };
}

function objectSchema(
  type: GraphQLObjectType,
  {
    selection,
    isNullable,
    options,
  }: {
    readonly selection: Selection | null;
    readonly isNullable: boolean;
    readonly options: SchemaOptions;
  },
): JSONSchema7 {
  const properties: Record<string, JSONSchema7> = {};
  for (const [name, below] of selection ?? []) {
    const field = type.getFields()[name];
    if (field === undefined || !isAsked(`${type.name}.${name}`, options.facts)) continue;
    const schema = typeSchema(field.type, below, options);
    const description = descriptionOf(field);
    properties[name] = description === '' ? schema : { ...schema, description };
  }
  return closed(properties, isNullable ? ['object', 'null'] : 'object');
}

function closed(
  properties: Readonly<Record<string, JSONSchema7>>,
  type: JSONSchema7['type'] = 'object',
): JSONSchema7 {
  return { type, properties, required: Object.keys(properties), additionalProperties: false } as JSONSchema7;
}

/** The field's description, and those of its enum's values: what a model knows of their meaning. */
function descriptionOf({ description, type }: GraphQLField<unknown, unknown>): string {
  const sentences = description ? [description.replace(/([^.!?])$/, '$1.')] : [];
  const enumType = enumOf(type);
  for (const value of enumType?.getValues() ?? []) {
    if (value.description) sentences.push(`${value.name}: ${value.description.replace(/\.$/, '')}.`);
  }
  return sentences.join(' ');
}

function enumOf(type: GraphQLOutputType): GraphQLEnumType | null {
  const inner = getNullableType(type);
  if (isListType(inner)) return enumOf(inner.ofType as GraphQLOutputType);
  return isEnumType(inner) ? inner : null;
}

/** Whether a scalar has a schema of its own in every JSON Schema. */
export function isMappedScalar(type: GraphQLOutputType, facts: OutputFacts): boolean {
  return isScalarType(type) && (Object.hasOwn(scalars, type.name) || facts.scalars.has(type.name));
}
