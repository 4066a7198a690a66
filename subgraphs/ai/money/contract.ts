/**
 * Money is counted in whole billionths of a US dollar: sums are exact, in the program and in both databases. A double
 * holds whole numbers up to nine million dollars of them.
 */
export type NanoUsd = number;

/** Tokens of one upstream call, in the sense of the AI SDK: totals, and what parts of them were. */
export interface TokenUsage {
  /** All of the input, with what was read from and written to the provider's cache. */
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  /** All of the output, with the reasoning. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Whether the provider gave no numbers, so that these are a guess upwards. */
  readonly estimated: boolean;
}

// ---- prices ----

/** `CATALOG`: the price list that ships with the product. `CONFIG`: `models.yaml`. `LOCAL`: costs nothing. */
export type PriceSource = 'CATALOG' | 'CONFIG' | 'LOCAL' | 'UNKNOWN';

export interface Cost {
  /** `null`: the price is not known. Never 0 by guess. */
  readonly nanoUsd: NanoUsd | null;
  readonly source: PriceSource;
  /** The day since which the price is in force, `2026-09-22`, where the list dates it. */
  readonly priceDate: string | null;
}

/** US dollars for a million tokens, as providers print them. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
  /** What is not given costs what input costs. */
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  /** Not given: what output costs. */
  readonly reasoning?: number | undefined;
  /** Since when, `2026-09-22`. */
  readonly date?: string | undefined;
}

/** A model whose tokens are to be priced. */
export interface PricedModel {
  /** As answers and reports name it: `openai/gpt-5-mini`. Names that begin with `local/` cost nothing. */
  readonly name: string;
  /** Where the catalogue has it; `null` for a server of one's own, whose model may be called like a sold one. */
  readonly catalog: { readonly provider: string; readonly model: string } | null;
  /** From `models.yaml`; goes before the catalogue. */
  readonly override: TokenPrices | null;
}

export interface PriceList {
  /** @param at the catalogue's prices of that moment; now, if not given */
  priceOf(model: PricedModel, usage: TokenUsage, at?: Date): Cost;
  /** What a model's tokens cost at the lowest tier, for people to read; `null` when not known. */
  tokenPrices(model: PricedModel, at?: Date): TokenPrices | null;
}

// ---- budgets ----

/** In UTC: minutes and hours begin at zero, weeks on Monday, months on the first. `TOTAL` never ends. */
export type BudgetWindow = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'TOTAL';

/** `WARN` lets the call through and says so: the way to try a budget out. */
export type BudgetAction = 'BLOCK' | 'WARN' | 'DOWNGRADE';

/**
 * One rule of spending. `tenant`, `model` and `field` say what counts together: a name, for that one only; `*`, for each
 * on its own; not given, for all of them together.
 */
export interface Budget {
  readonly tenant?: string | undefined;
  /** An alias of `models.yaml`, or a target such as `openai/gpt-5`. */
  readonly model?: string | undefined;
  /** A schema coordinate: `Product.reviewDigest`. */
  readonly field?: string | undefined;
  readonly window: BudgetWindow;
  readonly limitNanoUsd: NanoUsd | null;
  /** Input and output together. */
  readonly limitTokens: number | null;
  readonly action: BudgetAction;
  /** The alias that a call is sent to instead, for `DOWNGRADE`. */
  readonly downgradeTo?: string | undefined;
  /** Whether a call whose price is not known may pass a limit in dollars. */
  readonly unpriced: 'ALLOW' | 'BLOCK';
}

/** How fast one tenant may go; `null` is without limit. */
export interface TenantLimits {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly inFlight: number | null;
}

// ---- the ledger ----

export interface Ledger {
  /**
   * Puts the worst case of a call aside in every budget that it falls under, in one transaction: what is granted to all
   * processes together never exceeds a limit. Ask before each call, and settle or release after it.
   */
  reserve(request: ReserveRequest): Promise<Decision>;
  /** Notes what needed no reservation since nothing was spent: an answer out of the cache, a local model. */
  record(entry: UsageEntry): Promise<void>;
  usage(query: UsageQuery): Promise<UsageReport>;
  /** The budgets that a tenant's calls fall under, as they stand; of all tenants for `null`. */
  budgets(tenant: string | null): Promise<readonly BudgetState[]>;
  /** Charges reservations whose time is over, and forgets rows older than the retention. Also runs by itself. */
  sweep(): Promise<void>;
  /** Ends the timer; the database belongs to the caller. */
  close(): Promise<void>;
}

/** Who asks for what, the key of everything that is counted. */
export interface CallScope {
  readonly tenant: string;
  readonly alias: string;
  /** `Query.complete`, `Product.reviewDigest`. */
  readonly field: string;
}

/** The most that one upstream call can take. */
export interface Estimate {
  readonly inputTokens: number;
  readonly maxOutputTokens: number;
  /** At the price of the dearest target; `null` when no price is known. */
  readonly nanoUsd: NanoUsd | null;
}

export interface ReserveRequest extends CallScope {
  /** The targets of the alias that may answer, in their order: `['openai/gpt-5-mini', 'mistral/mistral-small']`. */
  readonly models: readonly string[];
  readonly estimate: Estimate;
  /** The time after which the worst case is charged, unless the call was settled. Longer than the call can take. */
  readonly expiresInMs: number;
  /** The aliases that this call was sent away from by `DOWNGRADE`, so that it does not go in a circle. */
  readonly downgradedFrom?: readonly string[];
}

export type Decision =
  | {
      readonly kind: 'reserved';
      readonly reservation: Reservation;
      /** The targets that their own budgets leave, in the order given; never empty. */
      readonly models: readonly string[];
      /** Budgets with `WARN` that the call exceeds. */
      readonly warnings: readonly BudgetNotice[];
    }
  /** Reserve again for this alias. */
  | { readonly kind: 'downgrade'; readonly alias: string; readonly notice: BudgetNotice }
  | { readonly kind: 'refused'; readonly code: 'AI_BUDGET_EXCEEDED'; readonly details: BudgetNotice }
  | { readonly kind: 'refused'; readonly code: 'AI_TENANT_LIMIT'; readonly details: TenantLimitNotice };

/** A budget that a call would exceed; shown to clients as the error's extensions. Dollars are decimal text. */
export interface BudgetNotice {
  /** `tenant=acme field=Product.reviewDigest`, `all` for everything. */
  readonly scope: string;
  readonly window: BudgetWindow;
  /** `UNPRICED`: the limit is in dollars, and the call's price is not known. */
  readonly reason: 'LIMIT' | 'UNPRICED';
  readonly limitUsd: string | null;
  readonly spentUsd: string;
  readonly reservedUsd: string;
  readonly limitTokens: number | null;
  readonly spentTokens: number;
  readonly reservedTokens: number;
  /** ISO 8601; `null` for `TOTAL`. */
  readonly resetsAt: string | null;
}

export interface TenantLimitNotice {
  readonly limit: 'REQUESTS_PER_MINUTE' | 'TOKENS_PER_MINUTE' | 'IN_FLIGHT';
  readonly max: number;
  /** `null` where waiting does not help: the call alone is more than a minute's tokens. */
  readonly retryAfterMs: number | null;
}

/** Worst cases put aside. Settled or released once; a second time does nothing. */
export interface Reservation {
  readonly id: string;
  /**
   * Puts more aside before another upstream call of the same request, such as a repair turn. A budget that would send
   * a new call to another alias refuses here: the request is under way. Only the `models` of the decision may be asked from
   * then on.
   *
   * @throws Error when it was settled or released, or its time is over
   */
  extend(further: FurtherCall): Promise<Exclude<Decision, { kind: 'downgrade' }>>;
  /** Charges what was used, also when it is more than was put aside, and gives the rest back. */
  settle(settlement: Settlement): Promise<void>;
  /** Gives everything back: nothing was sent to a provider. */
  release(): Promise<void>;
}

/** One more upstream call of a request. */
export interface FurtherCall extends Estimate {
  /** Where it goes; any of those that the reservation is for, if not given. */
  readonly models?: readonly string[];
}

/** What one request came to. */
export interface Settlement {
  /** Each model that billed something: one as a rule, more after a fallback. Never empty. */
  readonly charges: readonly Charge[];
  /** Upstream calls made, failed ones included. */
  readonly attempts: number;
  readonly outcome: 'OK' | 'FAILED';
}

export interface Charge {
  readonly model: string;
  readonly usage: TokenUsage;
  readonly cost: Cost;
}

export interface UsageEntry extends CallScope, Settlement {
  readonly cached: boolean;
}

// ---- reports ----

export type UsageKey = 'MODEL' | 'TENANT' | 'FIELD' | 'DAY' | 'HOUR';

export interface UsageQuery {
  /** Calls that began at this moment or later. */
  readonly since?: Date | null;
  /** Calls that began before. */
  readonly until?: Date | null;
  /** One row for each combination. */
  readonly groupBy: readonly UsageKey[];
  /** `null`: all tenants. */
  readonly tenant: string | null;
}

export interface UsageReport {
  readonly total: UsageRow;
  /** The dearest first; by time first, where it is grouped by time. At most 1000. */
  readonly rows: readonly UsageRow[];
}

export interface UsageRow {
  readonly model: string | null;
  readonly tenant: string | null;
  readonly field: string | null;
  /** The beginning of the hour or day. */
  readonly start: Date | null;
  readonly calls: number;
  readonly cached: number;
  readonly failed: number;
  /** Calls whose price is not known; the sum of money is without them. */
  readonly unpriced: number;
  readonly attempts: number;
  /** `estimated` when a part of the sum is. */
  readonly usage: TokenUsage;
  readonly nanoUsd: NanoUsd;
}

export interface BudgetState {
  readonly budget: Budget;
  /** As in a `BudgetNotice`. */
  readonly scope: string;
  readonly spentNanoUsd: NanoUsd;
  readonly reservedNanoUsd: NanoUsd;
  readonly spentTokens: number;
  readonly reservedTokens: number;
  readonly resetsAt: Date | null;
}
