import { once } from 'node:events';
import { GatewayError } from '../errors.ts';
import { startWorker } from '../runtime/startWorker.ts';
import type { CompositionInput, CompositionResult } from './composition.ts';

export interface ComposeOptions {
  /** Composition is ended when it takes longer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Composes subgraph schemas into a supergraph, in a thread of its own that ends with the answer: composing 40 subgraphs
 * takes seconds, and what `@apollo/composition` holds in memory is given back.
 *
 * Problems of the schemas are a result, not an exception.
 * @throws GatewayError COMPOSITION_FAILED when the thread fails, is ended by `signal`, or passes the deadline
 */
export async function compose(
  subgraphs: readonly CompositionInput[],
  options: ComposeOptions,
): Promise<CompositionResult> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  const worker = startWorker(new URL('./composeWorker.js', import.meta.url), { workerData: subgraphs });
  try {
    const [result] = (await Promise.race([
      once(worker, 'message', { signal }),
      once(worker, 'exit', { signal }).then(() => {
        throw new Error('The composition thread ended without an answer.');
      }),
    ])) as [CompositionResult];
    return result;
  } catch (cause) {
    const message = deadline.aborted
      ? `Composition took longer than ${options.timeoutMs} ms and was ended; raise \`composition.timeout_ms\` if the subgraphs are that large.`
      : `Composition failed: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new GatewayError('COMPOSITION_FAILED', { message, cause });
  } finally {
    await worker.terminate();
  }
}
