import { parentPort, workerData } from 'node:worker_threads';
import { composeSubgraphs } from './composeSubgraphs.ts';
import type { CompositionInput } from './composition.ts';

/** The thread that `compose.ts` starts: composes once, answers once, and is ended by its parent. */
parentPort?.postMessage(composeSubgraphs(workerData as readonly CompositionInput[]));
