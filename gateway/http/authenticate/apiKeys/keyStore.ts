import { hashSecret, newKeyId, newKeySecret, writeApiKey } from './apiKey.ts';
import { type KeyDatabase, type KeyRow, migrateKeys, openKeyDatabase } from './keyDatabase.ts';

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** Points that it may spend in a minute, beside the budgets of the settings. */
  readonly budget: number | null;
  readonly expiresAt: number | null;
}

/** A key as it is shown once, when it is made: the store keeps the hash alone. */
export interface IssuedKey {
  readonly id: string;
  readonly key: string;
}

/** Where API keys are: all SQL of theirs. */
export class KeyStore {
  readonly #db: KeyDatabase;
  #ready: Promise<void> | undefined;

  /** @param location `postgres://…`, or a file of SQLite */
  constructor(location: string, onConnectionError: (error: Error) => void = () => {}) {
    this.#db = openKeyDatabase(location, onConnectionError);
  }

  /** Makes the tables. It is called by all that follows; what failed is tried again with the next call. */
  ready(): Promise<void> {
    this.#ready ??= migrateKeys(this.#db).catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async find(id: string): Promise<KeyRow | undefined> {
    await this.ready();
    return this.#db.selectFrom('tributary_api_keys').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** All keys, the oldest first. */
  async list(): Promise<readonly KeyRow[]> {
    await this.ready();
    return this.#db
      .selectFrom('tributary_api_keys')
      .selectAll()
      .orderBy('created_at')
      .orderBy('id')
      .execute();
  }

  async issue({ name, scopes, roles, budget, expiresAt }: NewKey, now: number): Promise<IssuedKey> {
    await this.ready();
    const [id, secret] = [newKeyId(), newKeySecret()];
    await this.#db
      .insertInto('tributary_api_keys')
      .values({
        id,
        name,
        hash: hashSecret(secret),
        previous_hash: null,
        previous_until: null,
        scopes: JSON.stringify(namesOf(scopes)),
        roles: JSON.stringify(namesOf(roles)),
        budget,
        created_at: now,
        expires_at: expiresAt,
        revoked_at: null,
        last_used_at: null,
      })
      .execute();
    return { id, key: writeApiKey({ id, secret }) };
  }

  /**
   * Gives a key a new secret; the one before is accepted until `previousUntil`, and any before that no more.
   *
   * @returns `undefined` for a key that is not there or was revoked
   */
  async rotate(id: string, previousUntil: number): Promise<IssuedKey | undefined> {
    await this.ready();
    const secret = newKeySecret();
    const { numUpdatedRows } = await this.#db
      .updateTable('tributary_api_keys')
      .set((row) => ({
        previous_hash: row.ref('hash'),
        previous_until: previousUntil,
        hash: hashSecret(secret),
      }))
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 0n ? undefined : { id, key: writeApiKey({ id, secret }) };
  }

  /** @returns whether there is such a key; revoking it twice does no harm */
  async revoke(id: string, now: number): Promise<boolean> {
    await this.ready();
    const { numUpdatedRows } = await this.#db
      .updateTable('tributary_api_keys')
      .set((row) => ({ revoked_at: row.fn.coalesce('revoked_at', row.val(now)) }))
      .where('id', '=', id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** Notes that a key was used. */
  async touch(id: string, now: number): Promise<void> {
    await this.#db
      .updateTable('tributary_api_keys')
      .set({ last_used_at: now })
      .where('id', '=', id)
      .execute();
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }
}

function namesOf(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
