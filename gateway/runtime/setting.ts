import { z } from 'zod';

/** What the table in `gateway/README.md` says of a setting, beside its key and its default. */
export interface SettingNotes {
  /** Unit of a number: `ms`, `bytes`, `connections` … */
  readonly unit?: string;
  /** The environment variable that overrides the file. */
  readonly env?: string;
  /** Said instead of the default where that depends on something. */
  readonly defaultText?: string;
  readonly description: string;
}

/**
 * A setting with what the documentation says of it. Its default, where it has one, is that of the schema.
 *
 *     setting(count(100), { unit: 'errors', description: 'Errors of one answer.' })
 */
export function setting<Schema extends z.ZodType>(schema: Schema, notes: SettingNotes): Schema {
  return schema.meta({ ...notes });
}

/** A map of settings that may be left out, in whole or in part. An unknown key is refused. */
export const group = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape).prefault({} as never);

/** A time, at most what a timer of Node.js can wait; with a default, or `optional`. */
export const time = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
export const milliseconds = (value: number) => time.default(value);

/** A number of things, at least one; with a default, or `optional`. */
export const positive = z.int().min(1);
export const count = (value: number) => positive.default(value);

export const sizes = { unit: 'bytes' } as const;
export const ms = { unit: 'ms' } as const;

/** What a map of settings may say where another one says the rest. */
export type PartOf<Settings> = {
  readonly [Key in keyof Settings]?: Settings[Key] extends Readonly<Record<string, unknown>>
    ? PartOf<Settings[Key]>
    : Settings[Key];
};

/**
 * The schema of the same settings with nothing filled in: what is left out stays out, so that another map can be laid under it
 * (`laidOver`).
 */
export function partOf<Schema extends z.ZodType>(schema: Schema): z.ZodType<PartOf<z.output<Schema>>> {
  return withoutDefaults(schema) as unknown as z.ZodType<PartOf<z.output<Schema>>>;
}

function withoutDefaults(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return withoutDefaults(schema.unwrap() as z.ZodType);
  }
  if (!(schema instanceof z.ZodObject)) return schema;
  return z.strictObject(
    Object.fromEntries(
      Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, inner]) => [
        key,
        withoutDefaults(inner).optional(),
      ]),
    ),
  );
}

/** Lays what one map says over another, key by key, and in the maps within. */
export function laidOver<Settings extends object>(below: Settings, over: PartOf<Settings>): Settings {
  const laid = { ...below } as Record<string, unknown>;
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const under = laid[key];
    laid[key] = isMap(under) && isMap(value) ? laidOver(under, value) : value;
  }
  return laid as Settings;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
