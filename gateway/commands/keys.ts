import { GatewayError } from '../errors.ts';
import type { KeyRow } from '../http/authenticate/apiKeys/keyDatabase.ts';
import type { IssuedKey, KeyStore } from '../http/authenticate/apiKeys/keyStore.ts';
import type { Settings } from '../settingsSchema.ts';
import { keyStoreOf } from './authenticatorOf.ts';

export interface KeysCommandOptions {
  readonly settings: Settings;
  readonly cwd: string;
  /** Standard output: keys and lists. */
  readonly print: (text: string) => void;
  /** Standard error: what is said about them. */
  readonly say: (text: string) => void;
  readonly json: boolean;
  readonly now?: number;
}

export interface IssueOptions {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly budget: number | undefined;
  /** `90d`, or a time such as `2027-01-01`. */
  readonly expires: string | undefined;
}

/** `tributary keys issue`: the key is printed once, and nowhere kept. */
export async function issueKey(issue: IssueOptions, options: KeysCommandOptions): Promise<void> {
  const now = options.now ?? Date.now();
  const expiresAt = issue.expires === undefined ? null : timeOf(issue.expires, now);
  if (expiresAt !== null && expiresAt <= now) throw wrong(`The key would have expired at ${iso(expiresAt)}.`);
  for (const name of [...issue.scopes, ...issue.roles]) {
    if (!/^[\x21-\x7e]+$/.test(name)) throw wrong(`"${name}" is no scope or role: they hold no spaces.`);
  }
  await withStore(options, async (store) => {
    const { name, scopes, roles, budget = null } = issue;
    show(await store.issue({ name, scopes, roles, budget, expiresAt }, now), options);
  });
}

/** `tributary keys rotate`: a new secret for the same key; the one before is accepted for the grace. */
export async function rotateKey(
  { id, grace }: { readonly id: string; readonly grace: string },
  options: KeysCommandOptions,
): Promise<void> {
  const previousUntil = timeOf(grace, options.now ?? Date.now());
  await withStore(options, async (store) => {
    const rotated = await store.rotate(id, previousUntil);
    if (rotated === undefined) throw wrong(`There is no key ${id}, or it was revoked.`);
    show(rotated, options);
    options.say(`The secret before is accepted until ${iso(previousUntil)}.`);
  });
}

/** `tributary keys revoke` */
export async function revokeKey(id: string, options: KeysCommandOptions): Promise<void> {
  await withStore(options, async (store) => {
    if (!(await store.revoke(id, options.now ?? Date.now()))) throw wrong(`There is no key ${id}.`);
    const seconds = options.settings.authentication.api_keys.cache_ms / 1000;
    options.say(`Key ${id} is revoked; gateways refuse it within ${seconds} s.`);
  });
}

/** `tributary keys list`: what is known of the keys, which is never the keys themselves. */
export async function listKeys(options: KeysCommandOptions): Promise<void> {
  const now = options.now ?? Date.now();
  await withStore(options, async (store) => {
    const keys = (await store.list()).map((row) => described(row, now));
    if (options.json) {
      options.print(`${JSON.stringify(keys, null, 2)}\n`);
      return;
    }
    const rows = keys.map((key) => [
      key.id,
      key.name,
      key.state,
      key.scopes.join(' '),
      key.roles.join(' '),
      String(key.budget ?? ''),
      key.created,
      key.expires ?? '',
      key.lastUsed ?? '',
    ]);
    options.print(
      table([
        ['ID', 'NAME', 'STATE', 'SCOPES', 'ROLES', 'BUDGET', 'CREATED', 'EXPIRES', 'LAST USED'],
        ...rows,
      ]),
    );
  });
}

async function withStore(
  options: KeysCommandOptions,
  use: (store: KeyStore) => Promise<void>,
): Promise<void> {
  const { settings, cwd, say } = options;
  const { enabled, database } = settings.authentication.api_keys;
  const store = await keyStoreOf(settings, cwd);
  try {
    await store.ready().catch((cause: unknown) => {
      const place = /^postgres/.test(database) ? 'the PostgreSQL database' : database;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GatewayError('SETTINGS_INVALID', {
        message: `authentication.api_keys.database: ${place} cannot be used: ${reason}`,
        cause,
      });
    });
    await use(store);
  } finally {
    await store.close();
  }
  if (!enabled) say('Gateways accept API keys where `authentication.api_keys.enabled` is on.');
}

function show({ id, key }: IssuedKey, { json, print, say }: KeysCommandOptions): void {
  print(json ? `${JSON.stringify({ id, key })}\n` : `${key}\n`);
  say(`Key ${id} is shown once: only its hash is kept.`);
}

interface DescribedKey {
  readonly id: string;
  readonly name: string;
  readonly state: 'active' | 'expired' | 'revoked' | 'rotating';
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly budget: number | null;
  readonly created: string;
  readonly expires: string | null;
  readonly lastUsed: string | null;
}

function described(row: KeyRow, now: number): DescribedKey {
  return {
    id: row.id,
    name: row.name,
    state: stateOf(row, now),
    scopes: JSON.parse(row.scopes) as string[],
    roles: JSON.parse(row.roles) as string[],
    budget: row.budget,
    created: iso(row.created_at),
    expires: row.expires_at === null ? null : iso(row.expires_at),
    lastUsed: row.last_used_at === null ? null : iso(row.last_used_at),
  };
}

function stateOf(row: KeyRow, now: number): DescribedKey['state'] {
  if (row.revoked_at !== null) return 'revoked';
  if (row.expires_at !== null && row.expires_at <= now) return 'expired';
  return row.previous_until !== null && now < row.previous_until ? 'rotating' : 'active';
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90d`, `12h`, `30m` from now, or a time in ISO 8601. */
function timeOf(text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return now + Number(count) * (UNITS[unit] ?? 0);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw wrong(`"${text}" is no time: expected 90d, 12h, 30m or 2027-01-01.`);
  return time;
}

function iso(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

function wrong(message: string): GatewayError {
  return new GatewayError('KEY_COMMAND_INVALID', { message });
}

/** Columns with two spaces between; what a cell holds cannot steer a terminal. */
function table(rows: readonly (readonly string[])[]): string {
  const plain = rows.map((row) => row.map((cell) => cell.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?')));
  const widths = (plain[0] ?? []).map((_, column) =>
    Math.max(...plain.map((row) => row[column]?.length ?? 0)),
  );
  return plain
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
