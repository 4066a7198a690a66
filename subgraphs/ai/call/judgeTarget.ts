import type { Circuits } from './circuits.ts';
import type { Fault } from './fault.ts';
import { faultPolicies } from './faultPolicy.ts';

export interface JudgeParts {
  readonly circuits: Circuits;
  /** A line in the operator's log. */
  readonly warn: (details: Readonly<Record<string, unknown>>, message: string) => void;
}

/**
 * Tells the circuit of a target what a failed attempt says about it, and the operator, once, when it is left alone: the
 * client reads no more than that the provider failed.
 *
 * @param target its id: `provider/model`
 */
export function judgeTarget(
  { circuits, warn }: JudgeParts,
  { target, fault }: { readonly target: string; readonly fault: Fault },
): void {
  const { httpStatus, providerCode } = fault.details;
  const details = { model: target, fault: fault.kind, httpStatus, providerCode };
  switch (faultPolicies[fault.kind].circuit) {
    case 'NONE':
      circuits.undecided(target);
      return;
    case 'OPENS':
      circuits.open(target);
      warn(details, 'a provider refused a call');
      return;
    case 'COUNTS':
      if (circuits.failed(target)) warn(details, 'a provider fails, and is not asked for 30 s');
      return;
  }
}
