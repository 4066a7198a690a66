import DataLoader from 'dataloader';
import { cacheKey } from './cache/cacheKey.ts';
import type { Completion, ModelCall } from './call/modelCall.ts';
import type { ModelCalls } from './call/modelCalls.ts';
import type { Caller } from './caller.ts';
import type { Services } from './services.ts';

/** What resolvers of one request have. */
export interface AiContext {
  readonly caller: Caller;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  readonly services: Services;
  /** Asks equal prompts of one request once: N entities of one `_entities` call are N fields with often equal texts. */
  readonly prompts: DataLoader<ModelCall, Completion, string>;
  /** What the `@prompt` fields of the request took, for `extensions.ai`. */
  readonly totals: CallTotals;
}

export interface CallTotals {
  calls: number;
  cached: number;
  inputTokens: number;
  outputTokens: number;
  /** Null when a price is not known. */
  nanoUsd: number | null;
}

export function createContext(
  services: Services,
  { caller, signal }: { readonly caller: Caller; readonly signal: AbortSignal },
): AiContext {
  return {
    caller,
    signal,
    services,
    prompts: promptLoader(services.calls),
    totals: { calls: 0, cached: 0, inputTokens: 0, outputTokens: 0, nanoUsd: 0 },
  };
}

function promptLoader(calls: ModelCalls): DataLoader<ModelCall, Completion, string> {
  return new DataLoader(
    async (batch) =>
      Promise.all(
        batch.map((call) =>
          calls
            .complete(call)
            .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
        ),
      ),
    { cacheKeyFn: cacheKey },
  );
}

export function addToTotals(totals: CallTotals, { cached, usage, cost }: Completion): void {
  totals.calls += 1;
  if (cached) totals.cached += 1;
  totals.inputTokens += usage.inputTokens;
  totals.outputTokens += usage.outputTokens;
  totals.nanoUsd = totals.nanoUsd === null || cost.nanoUsd === null ? null : totals.nanoUsd + cost.nanoUsd;
}
