import { type GraphQLLeafType, type GraphQLScalarType, isEnumType } from 'graphql';
import { quote } from './quote.ts';

/** Writes a leaf that is not null as JSON text; throws what coercion throws, or gives `undefined` for no value. */
export type WriteLeaf = (value: unknown) => string | undefined;

const specified: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  String: (value) => (typeof value === 'string' ? quote(value) : undefined),
  ID: (value) => (typeof value === 'string' ? quote(value) : undefined),
  Boolean: (value) => (value === true ? 'true' : value === false ? 'false' : undefined),
  Int: (value) => (typeof value === 'number' && (value | 0) === value ? String(value) : undefined),
  Float: (value) => (typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined),
};

/**
 * Result coercion of a leaf type. The common case of the five scalars of the specification is written directly; whatever
 * else a subgraph sends goes through graphql-js, which coerces or refuses it. Custom scalars are passed on as they came.
 * Source: GraphQL specification, §3.5 and §3.9, "Result Coercion".
 */
export function writeLeafOf(type: GraphQLLeafType): WriteLeaf {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name }) => [name as unknown, JSON.stringify(name)]));
    return (value) => {
      const text = texts.get(value);
      // the value itself is not named: it may be one that clients must not see
      if (text === undefined) throw new TypeError(`Enum "${type.name}" cannot represent the value.`);
      return text;
    };
  }
  const direct = Object.hasOwn(specified, type.name) ? specified[type.name] : undefined;
  if (direct === undefined) return (value) => JSON.stringify(value);
  return (value) => direct(value) ?? JSON.stringify(serialized(value, type));
}

/** The words of graphql-js show the value, which may be an object with fields that nobody asked for. */
function serialized(value: unknown, type: GraphQLScalarType): unknown {
  try {
    return type.serialize(value);
  } catch (cause) {
    throw new TypeError(`${type.name} cannot represent the value.`, { cause });
  }
}
