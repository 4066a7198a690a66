import type { Logger } from 'pino';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { PolicyStates } from './policyStates.ts';

/** What every policy of a subgraph is given. */
export interface PolicyContext {
  readonly subgraph: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly states: PolicyStates;
}
