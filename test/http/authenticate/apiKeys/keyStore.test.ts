import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readApiKey } from '../../../../gateway/http/authenticate/apiKeys/apiKey.ts';
import { KeyStore } from '../../../../gateway/http/authenticate/apiKeys/keyStore.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../../../support/postgres.ts';

const facts = {
  name: 'Ticker',
  scopes: ['read', 'write', 'read'],
  roles: ['BOT'],
  budget: 500,
  expiresAt: 9_000,
};
const NOW = 1_000;

/** What holds of a store over the databases that `locate` makes. */
function storeFacts(locate: () => Promise<string>): void {
  let location: string;
  let store: KeyStore;
  beforeAll(async () => {
    location = await locate();
    store = new KeyStore(location);
  });
  afterAll(() => store.close());

  test('keeps what a key was issued with, and of the key its hash alone', async () => {
    const { id, key } = await store.issue(facts, NOW);
    const row = await store.find(id);
    expect(row).toEqual({
      id,
      name: 'Ticker',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      previous_hash: null,
      previous_until: null,
      scopes: '["read","write"]',
      roles: '["BOT"]',
      budget: 500,
      created_at: NOW,
      expires_at: 9_000,
      revoked_at: null,
      last_used_at: null,
    });
    expect(JSON.stringify(row)).not.toContain(readApiKey(key)?.secret);
  });

  test('finds no key by an id that is none', async () => {
    expect([await store.find("' or 1=1 --"), await store.find('')]).toEqual([undefined, undefined]);
  });

  test('rotates a key: the hash before stays until its time', async () => {
    const { id } = await store.issue(facts, NOW);
    const before = await store.find(id);
    const rotated = await store.rotate(id, 5_000);
    const after = await store.find(id);
    expect([rotated?.id, after?.previous_hash, after?.previous_until, after?.hash === before?.hash]).toEqual([
      id,
      before?.hash,
      5_000,
      false,
    ]);
  });

  test('rotates nothing that is not there or was revoked', async () => {
    const { id } = await store.issue(facts, NOW);
    await store.revoke(id, NOW);
    expect([await store.rotate(id, 5_000), await store.rotate('none', 5_000)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('revokes once', async () => {
    const { id } = await store.issue(facts, NOW);
    const answers = [
      await store.revoke(id, 2_000),
      await store.revoke(id, 3_000),
      await store.revoke('none', 1),
    ];
    expect([answers, (await store.find(id))?.revoked_at]).toEqual([[true, true, false], 2_000]);
  });

  test('notes the last use', async () => {
    const { id } = await store.issue(facts, NOW);
    await store.touch(id, 1_700_000_000_000);
    expect((await store.find(id))?.last_used_at).toBe(1_700_000_000_000);
  });

  test('is opened by several at once, who share the keys', async () => {
    const others = [new KeyStore(location), new KeyStore(location), new KeyStore(location)];
    await Promise.all(others.map((other) => other.ready()));
    const { id } = await (others[0] ?? store).issue(facts, NOW);
    const found = await Promise.all(others.map((other) => other.find(id)));
    await Promise.all(others.map((other) => other.close()));
    expect(found.map((row) => row?.id)).toEqual([id, id, id]);
  });

  test('lists the oldest first', async () => {
    const { id } = await store.issue(facts, 1);
    expect((await store.list())[0]?.id).toBe(id);
  });
}

describe('API keys: the store over SQLite', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tributary-keys-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  storeFacts(async () => path.join(folder, 'deep', 'keys.sqlite'));

  test('writes no key into its file', async () => {
    const file = path.join(folder, 'plain.sqlite');
    const store = new KeyStore(file);
    const { key } = await store.issue(facts, NOW);
    await store.close();
    const bytes = ['', '-wal'].map((suffix) => {
      try {
        return readFileSync(file + suffix, 'latin1');
      } catch {
        return '';
      }
    });
    expect([
      bytes.join('').includes('Ticker'),
      bytes.join('').includes(readApiKey(key)?.secret ?? key),
    ]).toEqual([true, false]);
  });
});

const choice = findPostgres();

(choice.kind === 'missing' ? describe.skip : describe)('API keys: the store over PostgreSQL', () => {
  let server: TestPostgres | undefined;
  beforeAll(async () => {
    if (choice.kind !== 'missing') server = await startPostgres(choice);
  });
  afterAll(async () => server?.stop());
  storeFacts(async () => server?.createDatabase() ?? '');
});
