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

/** A time, at most what a timer of Node.js can wait. */
export const milliseconds = (value: number) =>
  z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(value);

/** A number of things, at least one. */
export const count = (value: number) => z.int().min(1).default(value);

export const sizes = { unit: 'bytes' } as const;
export const ms = { unit: 'ms' } as const;
