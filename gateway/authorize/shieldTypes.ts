import type { shield } from 'graphql-shield';

/** The first argument of `shield`: a rule for all, or rules by type and field. */
export type ShieldTree = Parameters<typeof shield>[0];

/** The second: `fallbackRule`, `fallbackError`, `debug` … */
export type ShieldOptions = NonNullable<Parameters<typeof shield>[1]>;
