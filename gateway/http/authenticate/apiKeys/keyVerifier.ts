import type { Logger } from 'pino';
import type { Principal } from '../../principal.ts';
import { CredentialsRefused, type RefusalReason } from '../refusals.ts';
import { isSecretOf, readApiKey } from './apiKey.ts';
import type { KeyRow } from './keyDatabase.ts';
import type { KeyStore } from './keyStore.ts';

export interface KeyVerifierOptions {
  readonly store: Pick<KeyStore, 'find' | 'touch'>;
  /** Name of the header, for the challenge of refusals. */
  readonly headerName: string;
  /** How long a row is believed: a key that was revoked may be accepted for so long. */
  readonly cacheMs: number;
  readonly maxCachedKeys: number;
  readonly log: Logger;
  readonly now?: () => number;
}

/** The time of the last use is kept to the minute. */
const LAST_USED_STEP_MS = 60_000;

interface CachedRow {
  readonly row: KeyRow | undefined;
  readonly principal: Principal | undefined;
  readonly readAt: number;
}

/** Turns API keys into principals, and refuses the others. Rows are remembered for a short time, unknown ids too. */
export class KeyVerifier {
  readonly #options: KeyVerifierOptions;
  readonly #now: () => number;
  readonly #rows = new Map<string, CachedRow>();
  readonly #reading = new Map<string, Promise<CachedRow>>();
  readonly #noted = new Map<string, number>();

  constructor(options: KeyVerifierOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * @throws CredentialsRefused UNAUTHENTICATED, in the same words for an unknown, a wrong and a revoked key;
   *   AUTHENTICATION_UNAVAILABLE when the store does not answer
   */
  async verify(text: string): Promise<Principal> {
    const key = readApiKey(text);
    if (key === undefined) throw this.#refusal('INVALID_API_KEY', 'The API key is not valid.');
    const { row, principal } = await this.#rowOf(key.id);
    const now = this.#now();
    if (row === undefined || principal === undefined || !isAccepted(row, key.secret, now)) {
      throw this.#refusal('INVALID_API_KEY', 'The API key is not valid.');
    }
    if (row.expires_at !== null && row.expires_at <= now) {
      throw this.#refusal('EXPIRED_API_KEY', 'The API key has expired.');
    }
    this.#noteUse(row, now);
    return principal;
  }

  async #rowOf(id: string): Promise<CachedRow> {
    const known = this.#rows.get(id);
    if (known !== undefined && this.#now() - known.readAt < this.#options.cacheMs) return known;
    let reading = this.#reading.get(id);
    if (reading === undefined) {
      reading = this.#read(id, known).finally(() => this.#reading.delete(id));
      this.#reading.set(id, reading);
    }
    return reading;
  }

  async #read(id: string, before: CachedRow | undefined): Promise<CachedRow> {
    const { store, maxCachedKeys, log } = this.#options;
    // the time before the question: a key that is revoked while the store answers is not believed for longer
    const readAt = this.#now();
    let row: KeyRow | undefined;
    try {
      row = await store.find(id);
    } catch (cause) {
      log.warn({ err: cause }, 'the store of API keys does not answer');
      throw new CredentialsRefused('AUTHENTICATION_UNAVAILABLE', {
        reason: 'STORE_UNAVAILABLE',
        message: 'API keys cannot be checked now; try again soon.',
        cause,
      });
    }
    // one value for one key, as long as nothing of it changes: what is made from it is remembered by it
    const isSame = row !== undefined && before?.row !== undefined && saysTheSame(row, before.row);
    const principal = isSame ? before?.principal : row && principalOf(row);
    const read = { row, principal, readAt };
    this.#rows.delete(id);
    this.#rows.set(id, read);
    if (this.#rows.size > maxCachedKeys) {
      const oldest = this.#rows.keys().next();
      if (!oldest.done) this.#rows.delete(oldest.value);
    }
    return read;
  }

  /** The request does not wait for it, and does not fail with it. */
  #noteUse(row: KeyRow, now: number): void {
    if (now - Math.max(this.#noted.get(row.id) ?? 0, row.last_used_at ?? 0) < LAST_USED_STEP_MS) return;
    this.#noted.set(row.id, now);
    const { store, log } = this.#options;
    store
      .touch(row.id, now)
      .catch((err: unknown) => log.debug({ err }, 'the use of an API key was not noted'));
  }

  #refusal(reason: RefusalReason, message: string): CredentialsRefused {
    return new CredentialsRefused('UNAUTHENTICATED', {
      reason,
      message,
      challenge: keyChallenge(this.#options.headerName),
    });
  }
}

/** There is no registered scheme for API keys; RFC 9110 §11.6.1 wants a challenge with every 401. */
export function keyChallenge(headerName: string): string {
  return `ApiKey realm="graphql", header="${headerName}"`;
}

function isAccepted(row: KeyRow, secret: string, now: number): boolean {
  // both are compared, whatever the first gives
  const isCurrent = isSecretOf(row.hash, secret);
  const isPrevious = isSecretOf(row.previous_hash, secret);
  if (row.revoked_at !== null) return false;
  return isCurrent || (isPrevious && row.previous_until !== null && now < row.previous_until);
}

function saysTheSame(one: KeyRow, other: KeyRow): boolean {
  const names = ['name', 'scopes', 'roles', 'budget', 'created_at', 'expires_at'] as const;
  return names.every((name) => one[name] === other[name]);
}

function principalOf({ id, name, scopes, roles, budget, created_at, expires_at }: KeyRow): Principal {
  return Object.freeze({
    kind: 'key',
    id,
    scopes: Object.freeze(JSON.parse(scopes) as string[]),
    roles: Object.freeze(JSON.parse(roles) as string[]),
    claims: Object.freeze({ name, budget, created_at, expires_at }),
  });
}
