import type { JSONSchema7 } from '@ai-sdk/provider';

const maxCharacters = 16_384;
const maxDepth = 12;

/**
 * Words of JSON Schema that a client may use. A validator is compiled from it in this process: a pattern could run for
 * ever, and references could lead elsewhere or in circles.
 */
const allowed: ReadonlySet<string> = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  'title',
  'description',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
]);

/** @returns the schema of a client, or what is wrong with it: `must be …` */
export function readClientSchema(given: unknown): JSONSchema7 | string {
  if (!isObject(given) || given.type !== 'object')
    return 'must be a schema whose root is of the type "object"';
  if (JSON.stringify(given).length > maxCharacters) return `must have at most ${maxCharacters} characters`;
  return problemOf(given, 0) ?? (given as JSONSchema7);
}

function problemOf(schema: unknown, depth: number): string | null {
  if (depth > maxDepth) return `must be at most ${maxDepth} schemas deep`;
  if (typeof schema === 'boolean') return null;
  if (!isObject(schema)) return 'must be made of schemas';
  for (const [word, value] of Object.entries(schema)) {
    if (!allowed.has(word)) return `must not use \`${word.slice(0, 40)}\``;
    const below =
      word === 'properties' && isObject(value)
        ? Object.values(value)
        : word === 'anyOf' && Array.isArray(value)
          ? value
          : word === 'items' || word === 'additionalProperties'
            ? [value]
            : [];
    for (const inner of below) {
      const problem = problemOf(inner, depth + 1);
      if (problem !== null) return problem;
    }
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
