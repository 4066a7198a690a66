import { type GraphQLLeafType, type GraphQLScalarType, isEnumType } from 'graphql';
import { nestsTooDeeply } from '../execute/data.ts';
import { jsonOf, LongNumber } from '../runtime/longNumber.ts';
import type { JsonWriter } from './jsonWriter.ts';
import { lastingBytes } from './lastingBytes.ts';

/** Writes a leaf that is not null; throws what coercion throws, and is `false` where it wrote nothing: there is no value. */
export type WriteLeaf = (value: unknown, out: JsonWriter) => boolean;

const writeString: WriteLeaf = (value, out) => {
  if (typeof value !== 'string') return false;
  out.string(value);
  return true;
};

const specified: Readonly<Record<string, WriteLeaf>> = {
  String: writeString,
  ID: writeString,
  Boolean: (value, out) => {
    if (typeof value !== 'boolean') return false;
    out.raw(value ? TRUE : FALSE);
    return true;
  },
  Int: (value, out) => {
    if (typeof value !== 'number' || (value | 0) !== value) return false;
    out.number(value);
    return true;
  },
  Float: (value, out) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return false;
    out.number(value);
    return true;
  },
};

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/**
 * Result coercion of a leaf type. The common case of the five scalars of the specification is written directly; whatever
 * else a subgraph sends goes through graphql-js, which coerces or refuses it. Custom scalars are passed on as they came.
 * Source: GraphQL specification, §3.5 and §3.9, "Result Coercion".
 *
 * @param isKnown whether the supergraph has an enum value: `Color.GREY`. An inaccessible one is no value, and no error: its
 *   subgraph did nothing wrong, and clients do not know of it.
 */
export function writeLeafOf(type: GraphQLLeafType, isKnown: (coordinate: string) => boolean): WriteLeaf {
  if (isEnumType(type)) {
    const texts = new Map(
      type.getValues().map(({ name }) => [name as unknown, lastingBytes(JSON.stringify(name))]),
    );
    return (value, out) => {
      const text = texts.get(value);
      if (text === undefined) {
        if (typeof value === 'string' && isKnown(`${type.name}.${value}`)) return false;
        throw new TypeError(`Enum "${type.name}" cannot represent the value.`);
      }
      out.raw(text);
      return true;
    };
  }
  const direct = Object.hasOwn(specified, type.name) ? specified[type.name] : undefined;
  if (direct === undefined) return writeCustom;
  return (value, out) => direct(value, out) || writeAny(serialized(value, type), out);
}

const writeCustom: WriteLeaf = (value, out) => {
  if (nestsTooDeeply(value)) throw new RangeError('The value is nested too deeply.');
  return writeAny(value, out);
};

/** `false` for what has no JSON. */
export function writeAny(value: unknown, out: JsonWriter): boolean {
  const text = jsonOf(value);
  if (text === undefined) return false;
  out.text(text);
  return true;
}

/** The words of graphql-js show the value, which may be an object with fields that nobody asked for. */
function serialized(value: unknown, type: GraphQLScalarType): unknown {
  try {
    return type.serialize(numberFor(type, value));
  } catch (cause) {
    throw new TypeError(`${type.name} cannot represent the value.`, { cause });
  }
}

/**
 * A text keeps the digits of a number, and an ID those of an integer. Where they are not known, as nothing in the answer was expected to
 * need them, there is no ID: the rounded one is of something else.
 */
function numberFor(type: GraphQLScalarType, value: unknown): unknown {
  if (value instanceof LongNumber) {
    const digits = String(value);
    return type.name === 'String' || (type.name === 'ID' && /^-?\d+$/.test(digits)) ? digits : Number(value);
  }
  if (type.name === 'ID' && typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError('The digits of the number are not known.');
  return value;
}
