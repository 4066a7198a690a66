import type { JSONSchema7 } from '@ai-sdk/provider';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { OutputType } from '../call/modelCall.ts';

const maxCompiled = 500;
const maxReasonLength = 400;

/** Not strict: a scalar's own schema may have keywords that Ajv does not know. What is kept is kept below. */
const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false, addUsedSchema: false });

/** Compiling a schema costs milliseconds, and clients ask for the same selections again and again. */
const compiled = new Map<string, ValidateFunction>();

/**
 * A type that answers are checked against here, since what providers promise about schemas is not kept by all of them.
 *
 * @param sent what the provider is told
 * @param checked the same with bounds
 * @throws what Ajv throws for a schema that is none
 */
export function outputType(name: string, sent: JSONSchema7, checked: JSONSchema7 = sent): OutputType {
  const validate = compile(checked);
  return {
    name,
    schema: sent,
    check: (value) => (validate(value) ? null : reasonOf(validate.errors ?? [])),
  };
}

function compile(schema: JSONSchema7): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known) return known;
  const validate = ajv.compile(schema);
  compiled.set(text, validate);
  const oldest = compiled.keys().next();
  if (compiled.size > maxCompiled && !oldest.done) compiled.delete(oldest.value);
  return validate;
}

/** `/topic must be equal to one of the allowed values (BILLING, SHIPPING)` */
function reasonOf(errors: readonly ErrorObject[]): string {
  const reasons = errors.map(({ instancePath, message, params }) => {
    const allowed = (params as { allowedValues?: unknown[] }).allowedValues;
    const extra = (params as { additionalProperty?: string }).additionalProperty;
    const more = allowed ? ` (${allowed.join(', ')})` : extra === undefined ? '' : ` (${extra})`;
    return `${instancePath || 'the root'} ${message ?? 'is wrong'}${more}`;
  });
  const text = reasons.join('; ');
  return text.length > maxReasonLength ? `${text.slice(0, maxReasonLength)}…` : text;
}
