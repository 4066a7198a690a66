import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Budget, BudgetState, UsageKey, UsageQuery, UsageReport, UsageRow } from './contract.ts';
import { budgetCounter, scopeText } from './counters.ts';
import type { CounterRow, MoneyTables, UsageRowRecord } from './tables.ts';

const maxRows = 1_000;
const hourMs = 3_600_000;

/** What a call is grouped by, in SQL. */
const groupColumns: Readonly<Record<UsageKey, { readonly as: string; readonly sql: RawBuilder<unknown> }>> = {
  MODEL: { as: 'model', sql: sql`model` },
  TENANT: { as: 'tenant', sql: sql`tenant` },
  FIELD: { as: 'field', sql: sql`field` },
  DAY: { as: 'start', sql: sql`started_at - started_at % ${sql.lit(24 * hourMs)}` },
  HOUR: { as: 'start', sql: sql`started_at - started_at % ${sql.lit(hourMs)}` },
};

type Sums = Pick<
  UsageRowRecord,
  | 'calls'
  | 'cached'
  | 'failed'
  | 'attempts'
  | 'input_tokens'
  | 'cached_input_tokens'
  | 'cache_write_tokens'
  | 'output_tokens'
  | 'reasoning_tokens'
  | 'estimated'
> & { readonly nano_usd: number; readonly unpriced: number } & Partial<
    Record<'model' | 'tenant' | 'field', string>
  > & { readonly start?: number };

/** Two statements, whatever is asked: the sum of everything, and the rows. */
export async function usageReport(db: Kysely<MoneyTables>, query: UsageQuery): Promise<UsageReport> {
  // an hour tells its day
  const keys = query.groupBy.filter((key) => key !== 'DAY' || !query.groupBy.includes('HOUR'));
  const total = await sums(db, query, []);
  const rows = keys.length === 0 ? [] : await sums(db, query, [...new Set(keys)]);
  return { total: total[0] ?? usageRow({}), rows };
}

async function sums(
  db: Kysely<MoneyTables>,
  { since, until, tenant }: UsageQuery,
  keys: readonly UsageKey[],
): Promise<readonly UsageRow[]> {
  const groups = keys.map((key) => groupColumns[key]);
  const conditions = [
    ...(since ? [sql`started_at >= ${since.getTime()}`] : []),
    ...(until ? [sql`started_at < ${until.getTime()}`] : []),
    ...(tenant === null ? [] : [sql`tenant = ${tenant}`]),
  ];
  const summed = (column: string): RawBuilder<unknown> =>
    sql`coalesce(sum(${sql.ref(column)}), 0) as ${sql.ref(column)}`;
  const statement = sql<Sums>`
    select ${sql.join([
      ...groups.map((group) => sql`${group.sql} as ${sql.ref(group.as)}`),
      ...[
        'calls',
        'cached',
        'failed',
        'attempts',
        'input_tokens',
        'cached_input_tokens',
        'cache_write_tokens',
        'output_tokens',
        'reasoning_tokens',
        'nano_usd',
      ].map(summed),
      sql`coalesce(max(estimated), 0) as estimated`,
      sql`coalesce(sum(case when nano_usd is null and input_tokens + output_tokens <> 0 then calls else 0 end), 0) as unpriced`,
    ])}
    from ai_usage
    ${conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`}
    ${groups.length === 0 ? sql`` : sql`group by ${sql.join(groups.map((group) => group.sql))}`}
    ${groups.length === 0 ? sql`` : sql`order by ${orderOf(groups.map((group) => group.as))}`}
    limit ${sql.lit(maxRows)}`;
  const { rows } = await statement.execute(db);
  return rows.map(usageRow);
}

function orderOf(names: readonly string[]): RawBuilder<unknown> {
  const others = names.filter((name) => name !== 'start');
  return sql.join([
    // by number of the column: PostgreSQL would read `start` as the table's, SQLite as the result's
    ...(names.includes('start') ? [sql.raw(String(names.indexOf('start') + 1))] : []),
    sql`coalesce(sum(nano_usd), 0) desc`,
    sql`sum(calls) desc`,
    ...others.map((name) => sql.raw(String(names.indexOf(name) + 1))),
  ]);
}

function usageRow(row: Partial<Sums>): UsageRow {
  return {
    model: row.model ?? null,
    tenant: row.tenant ?? null,
    field: row.field ?? null,
    start: row.start === undefined ? null : new Date(row.start),
    calls: row.calls ?? 0,
    cached: row.cached ?? 0,
    failed: row.failed ?? 0,
    unpriced: row.unpriced ?? 0,
    attempts: row.attempts ?? 0,
    usage: {
      inputTokens: row.input_tokens ?? 0,
      cachedInputTokens: row.cached_input_tokens ?? 0,
      cacheWriteTokens: row.cache_write_tokens ?? 0,
      outputTokens: row.output_tokens ?? 0,
      reasoningTokens: row.reasoning_tokens ?? 0,
      estimated: row.estimated === 1,
    },
    nanoUsd: row.nano_usd ?? 0,
  };
}

export interface BudgetStatesQuery {
  readonly budgets: readonly Budget[];
  /** `null`: all. */
  readonly tenant: string | null;
  readonly now: number;
}

/** How the budgets of a tenant stand, in the order of the configuration; what nothing was spent in stands at zero. */
export async function budgetStates(
  db: Kysely<MoneyTables>,
  { budgets, tenant, now }: BudgetStatesQuery,
): Promise<readonly BudgetState[]> {
  const wanted = budgets.filter((budget) => mayConcern(budget, tenant));
  if (wanted.length === 0) return [];
  let query = db
    .selectFrom('ai_counters')
    .selectAll()
    .where('kind', '=', 'BUDGET')
    .where((from) => from.or([from('window_end', 'is', null), from('window_end', '>', now)]))
    .where('window_start', '<=', now);
  if (tenant !== null) {
    query = query.where((from) => from.or([from('tenant', 'is', null), from('tenant', '=', tenant)]));
  }
  const counters = await query.orderBy('key').limit(10_000).execute();
  return wanted.flatMap((budget) => {
    const rows = counters.filter((row) => isOf(budget, row));
    const named = nameable(budget, tenant);
    if (rows.length === 0 && named) rows.push(emptyCounter(budget, { ...named, now }));
    return rows.map((row) => stateOf(budget, row));
  });
}

function mayConcern({ tenant: of }: Budget, tenant: string | null): boolean {
  return tenant === null || of === undefined || of === '*' || of === tenant;
}

function isOf(budget: Budget, row: CounterRow): boolean {
  const isIn = (pattern: string | undefined, name: string | null): boolean =>
    pattern === undefined ? name === null : name !== null && (pattern === '*' || pattern === name);
  // `*` is each target on its own, and only targets have a provider
  const isModel = budget.model === '*' ? row.model?.includes('/') === true : isIn(budget.model, row.model);
  return (
    row.window === budget.window &&
    isModel &&
    isIn(budget.tenant, row.tenant) &&
    isIn(budget.field, row.field)
  );
}

/** The one scope that a budget has for a tenant, or `null` where it has as many as there are names. */
function nameable(
  { tenant: of, model, field }: Budget,
  tenant: string | null,
): Pick<CounterRow, 'tenant' | 'model' | 'field'> | null {
  if (model === '*' || field === '*' || (of === '*' && tenant === null)) return null;
  return {
    tenant: of === '*' ? tenant : (of ?? null),
    model: model ?? null,
    field: field ?? null,
  };
}

function emptyCounter(
  budget: Budget,
  { now, ...scope }: Pick<CounterRow, 'tenant' | 'model' | 'field'> & { readonly now: number },
): CounterRow {
  return {
    ...budgetCounter(scope, budget.window, now),
    touched: 0,
    calls: 0,
    spent_nano_usd: 0,
    spent_tokens: 0,
    reserved_nano_usd: 0,
    reserved_tokens: 0,
  };
}

function stateOf(budget: Budget, row: CounterRow): BudgetState {
  return {
    budget,
    scope: scopeText(row),
    spentNanoUsd: row.spent_nano_usd,
    reservedNanoUsd: row.reserved_nano_usd,
    spentTokens: row.spent_tokens,
    reservedTokens: row.reserved_tokens,
    resetsAt: row.window_end === null ? null : new Date(row.window_end),
  };
}
