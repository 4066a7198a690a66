import { memoryCache } from '../../../subgraphs/ai/cache/memoryCache.ts';
import { Circuits } from '../../../subgraphs/ai/call/circuits.ts';
import type { ModelCall } from '../../../subgraphs/ai/call/modelCall.ts';
import { ModelCalls, type ModelCallsParts } from '../../../subgraphs/ai/call/modelCalls.ts';
import { ProviderClients } from '../../../subgraphs/ai/call/providerClients.ts';
import { TenantSlots } from '../../../subgraphs/ai/call/tenantSlots.ts';
import { AiError } from '../../../subgraphs/ai/errors.ts';
import { DiscoveredModels } from '../../../subgraphs/ai/models/availability.ts';
import type { Models } from '../../../subgraphs/ai/models/models.ts';
import { readModels } from '../../../subgraphs/ai/models/readModels.ts';
import { createPriceList } from '../../../subgraphs/ai/money/prices.ts';
import type { EndedCall } from '../../../subgraphs/ai/telemetry/callTelemetry.ts';
import { openMoney, type TestMoney } from './money/openMoney.ts';

/** The calls of the subgraph without GraphQL around them, over a configuration that the test writes. */
export interface TestCalls {
  readonly calls: ModelCalls;
  readonly parts: ModelCallsParts;
  readonly money: TestMoney;
  readonly ended: EndedCall[];
  readonly warnings: unknown[];
  /** Pauses between attempts, which are not waited for. */
  readonly pauses: number[];
  configure(yaml: string, environment?: Readonly<Record<string, string>>): void;
  /** A call of the alias `default`, or another. */
  call(changes?: Partial<ModelCall> & { readonly model?: string }): ModelCall;
  close(): Promise<void>;
}

export async function openCalls(yaml: string, environment: Record<string, string> = {}): Promise<TestCalls> {
  let models: Models = readModels(yaml, { file: 'models.yaml', environment });
  const money = await openMoney('file::memory:');
  money.settings = models.money;
  const ended: EndedCall[] = [];
  const warnings: unknown[] = [];
  const pauses: number[] = [];
  const parts: ModelCallsParts = {
    models: () => models,
    availability: new DiscoveredModels(),
    chain: {
      clients: new ProviderClients(),
      circuits: new Circuits(),
      warn: (details, message) => void warnings.push({ ...details, message }),
      pause: async (ms, signal) => {
        pauses.push(ms);
        signal.throwIfAborted();
      },
    },
    slots: new TenantSlots(),
    ledger: money.ledger,
    prices: createPriceList(),
    cache: memoryCache(),
    telemetry: { callEnded: (call) => void ended.push(call) },
    recordContent: false,
  };
  return {
    calls: new ModelCalls(parts),
    parts,
    money,
    ended,
    warnings,
    pauses,
    configure(text, given = environment) {
      models = readModels(text, { file: 'models.yaml', environment: given });
      money.settings = models.money;
    },
    call({ model = 'default', ...changes } = {}) {
      const alias = models.aliases.get(model);
      if (alias === undefined) throw new Error(`no alias ${model}`);
      return {
        alias,
        tenant: 'acme',
        field: 'Query.complete',
        messages: [
          { role: 'system', content: 'You are terse.' },
          { role: 'user', content: 'What is federation?' },
        ],
        options: {},
        guardrails: [],
        fallback: true,
        cache: { mode: 'DEFAULT', ttlSeconds: 0 },
        signal: new AbortController().signal,
        ...changes,
      };
    },
    close: () => money.close(),
  };
}

/** A models.yaml with two OpenAI-compatible targets at one fake server: `one/m` before `two/m`. */
export function twoTargets(origin: string, more = ''): string {
  return `
providers:
  one: { kind: compatible, base_url: "${origin}/one/v1" }
  two: { kind: compatible, base_url: "${origin}/two/v1" }
aliases:
  default:
    targets: [one/m, two/m]
${more}`;
}

/** The AiError that some work ends with. */
export async function failure(work: Promise<unknown>): Promise<AiError> {
  const thrown: unknown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AiError)) throw new Error(`expected an AiError, got ${String(thrown)}`);
  return thrown;
}

/** Waits for what happens on other connections. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
