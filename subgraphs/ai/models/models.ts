import type { TokenPrices } from '../money/contract.ts';
import type { MoneySettings } from '../money/moneySettings.ts';
import type { ProviderKind } from './modelsSchema.ts';

/** What `models.yaml` and the environment say, checked and joined. It never changes; a changed file gives another one. */
export interface Models {
  /** Changes with every change of the file that can change an answer. */
  readonly revision: string;
  readonly providers: ReadonlyMap<string, ProviderSettings>;
  readonly aliases: ReadonlyMap<string, Alias>;
  readonly limits: CallLimits;
  /** Names, in order. */
  readonly guardrails: readonly string[];
  readonly guardrailOptions: GuardrailOptions;
  /** For the ledger. */
  readonly money: MoneySettings;
}

export interface ProviderSettings {
  /** The name before the slash. */
  readonly name: string;
  readonly kind: ProviderKind;
  readonly baseUrl: string;
  /** Read from the environment; goes into the provider's requests and nowhere else. */
  readonly key: string | undefined;
  readonly keyEnv: string | undefined;
  readonly jsonSchema: boolean;
  readonly discover: boolean;
  /** Whether it has an address, and the key that its settings name. */
  readonly enabled: boolean;
}

export interface Target {
  /** `openai/gpt-5-mini` */
  readonly id: string;
  readonly provider: ProviderSettings;
  /** `gpt-5-mini` */
  readonly modelName: string;
  readonly weight: number;
  readonly priority: number;
  readonly contextWindow: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly api: 'responses' | 'chat';
  readonly reasoningEffort: 'minimal' | 'low' | 'medium' | 'high' | undefined;
  /** In place of the price list's. */
  readonly price: TokenPrices | undefined;
}

export interface Alias {
  readonly name: string;
  readonly kind: 'text' | 'embedding';
  /** As written; the order in which they are tried is drawn for each call. */
  readonly targets: readonly Target[];
  /** Hash of what can change its answers. */
  readonly revision: string;
  readonly timeouts: Timeouts;
  readonly cacheTtlSeconds: number;
  readonly fallbackOnFilter: boolean;
  readonly maxOutputTokens: number;
  /** Undefined: all. */
  readonly tenants: readonly string[] | undefined;
  /** An embedding alias whose last target is the keyless engine. */
  readonly endsLocally: boolean;
}

export interface Timeouts {
  readonly totalMs: number;
  readonly attemptMs: number;
  readonly firstTokenMs: number;
  readonly idleMs: number;
}

export interface CallLimits {
  readonly inFlight: number;
  readonly waiting: number;
}

export interface GuardrailOptions {
  readonly maxInputCharacters: number;
  readonly maxOutputCharacters: number;
  readonly denyPatterns: readonly RegExp[];
}
