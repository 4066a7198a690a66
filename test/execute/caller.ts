import type { Caller } from '../../gateway/execute/sendToSubgraph.ts';
import { Cancellation } from '../../gateway/runtime/cancellation.ts';

/** A caller that stays, and sends no headers. */
export const caller: Caller = {
  headersFor: () => ({}),
  cancellation: new Cancellation(),
  sharesCalls: false,
  repeatsCalls: false,
  onAnswer: () => {},
};
