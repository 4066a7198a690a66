import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { filesOf, readTlsMaterial, type TlsMaterial, type TlsSources } from './tlsMaterial.ts';

export interface FollowedTlsOptions {
  readonly sources: TlsSources;
  /** Paths are relative to it. */
  readonly cwd: string;
  readonly log: Logger;
}

/** Found at the latest after this time; mostly the folder tells of it at once. */
const POLL_MS = 10_000;
/** A certificate and its key are two files: the second follows the first. */
const SETTLE_MS = 100;
/** What is still wrong after this time was no change half done. */
const LASTING_MS = 2_000;
const WARN_BEFORE_MS = 14 * 24 * 3_600_000;
const WARN_EVERY_MS = 24 * 3_600_000;

/**
 * What one side of TLS shows and trusts, followed while the gateway runs: files that are replaced are read again, and put
 * in force if they are good. Kubernetes swaps the symbolic link of the folder that a mounted secret is in, so it is the
 * folder that is watched, and the contents that are compared.
 */
export class FollowedTls {
  readonly #options: FollowedTlsOptions;
  readonly #listeners = new Set<() => void>();
  readonly #watchers: FSWatcher[] = [];
  readonly #poll: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  #current: TlsMaterial;
  #hash: string;
  #wrongSince: number | undefined;
  #saidProblem: string | undefined;
  #warnedAt = 0;

  /** @throws Error whose message begins with the setting */
  constructor(options: FollowedTlsOptions) {
    const { sources, cwd } = options;
    this.#options = options;
    this.#current = readTlsMaterial(sources, { cwd });
    this.#hash = hashOf(this.#current);
    this.#warnOfExpiry();
    const folders = new Set(filesOf(sources, cwd).map((file) => path.dirname(file)));
    this.#poll = setInterval(() => this.#check(), POLL_MS).unref();
    for (const folder of folders) this.#watch(folder);
  }

  get current(): TlsMaterial {
    return this.#current;
  }

  /** Calls back when other material is in force. Returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
    this.#listeners.clear();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#checkIn(SETTLE_MS));
      // a folder that goes away, or too many watches: the interval still finds the change
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch {
      // the same
    }
  }

  #checkIn(ms: number): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#check(), ms).unref();
  }

  #check(): void {
    const { sources, cwd, log } = this.#options;
    let read: TlsMaterial;
    try {
      read = readTlsMaterial(sources, { cwd });
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#wrongSince = undefined;
    this.#saidProblem = undefined;
    const hash = hashOf(read);
    if (hash !== this.#hash) {
      this.#current = read;
      this.#hash = hash;
      this.#warnedAt = 0;
      log.info({ certificates: read.expiries }, 'certificates have been replaced; new connections use them');
      for (const listener of this.#listeners) listener();
    }
    this.#warnOfExpiry();
  }

  /** Said once for a problem, when it has lasted. */
  #refuse(reason: string): void {
    this.#wrongSince ??= performance.now();
    if (performance.now() - this.#wrongSince < LASTING_MS) {
      this.#checkIn(LASTING_MS);
    } else if (reason !== this.#saidProblem) {
      this.#saidProblem = reason;
      this.#options.log.error(`${reason}\nthe certificates before stay in force`);
    }
    this.#warnOfExpiry();
  }

  #warnOfExpiry(): void {
    const now = Date.now();
    if (now - this.#warnedAt < WARN_EVERY_MS) return;
    for (const { setting, expiresAt } of this.#current.expiries) {
      const leftMs = expiresAt.getTime() - now;
      if (leftMs > WARN_BEFORE_MS) continue;
      this.#warnedAt = now;
      const when =
        leftMs > 0 ? `expires on ${expiresAt.toISOString()}` : `has expired on ${expiresAt.toISOString()}`;
      this.#options.log.warn({ setting, expiresAt }, `a certificate of ${setting} ${when}`);
    }
  }
}

function hashOf({ ca, cert, key }: TlsMaterial): string {
  return createHash('sha256')
    .update(JSON.stringify([ca, cert, key]))
    .digest('hex');
}
