import type { FaultKind } from './fault.ts';

/** What follows a failed attempt. */
export interface FaultPolicy {
  /**
   * `SAME`: the same target once more, then the next. `SAME_IF_TOLD_WHEN`: only where `Retry-After` fits what is left of
   * the deadline. `REPAIR`: the same target with its answer and what is wrong with it, then the next.
   */
  readonly next: 'SAME' | 'SAME_IF_TOLD_WHEN' | 'REPAIR' | 'NEXT' | 'NEXT_LARGER' | 'STOP';
  /** `OPENS` the target's circuit at once: the operator must act. `COUNTS`: three in a row open it. */
  readonly circuit: 'OPENS' | 'COUNTS' | 'NONE';
}

/** The table of error classes; README.md tells it to operators. */
export const faultPolicies: Readonly<Record<FaultKind, FaultPolicy>> = {
  RATE_LIMITED: { next: 'SAME_IF_TOLD_WHEN', circuit: 'NONE' },
  // a 429 by its status, but waiting does not bring credit back
  QUOTA: { next: 'NEXT', circuit: 'OPENS' },
  AUTH: { next: 'NEXT', circuit: 'OPENS' },
  MODEL_MISSING: { next: 'NEXT', circuit: 'OPENS' },
  UPSTREAM: { next: 'SAME', circuit: 'COUNTS' },
  TIMEOUT: { next: 'SAME', circuit: 'COUNTS' },
  TOO_LONG: { next: 'NEXT_LARGER', circuit: 'NONE' },
  // another provider may answer what this one refuses; that is the operator's decision, `fallback_on_filter`
  FILTERED: { next: 'STOP', circuit: 'NONE' },
  INVALID: { next: 'REPAIR', circuit: 'NONE' },
  TRUNCATED: { next: 'STOP', circuit: 'NONE' },
  BAD_REQUEST: { next: 'STOP', circuit: 'NONE' },
  INTERRUPTED: { next: 'STOP', circuit: 'COUNTS' },
  ABORTED: { next: 'STOP', circuit: 'NONE' },
};
