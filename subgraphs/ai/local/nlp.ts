import type { LocalEngine } from './contract.ts';
import { openLocalEngine } from './localEngine.ts';

/**
 * The small models for programs without GraphQL: `await nlp.sentiment('Great shoes!')`. The thread starts with the first
 * call, and does not keep the program from ending.
 */
export const nlp: LocalEngine = openLocalEngine();
