import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from './supergraph.ts';

/**
 * Small JSON records in a folder, one file each, that survive a crash: a record is written beside its place and renamed
 * into it, and carries a checksum, so that a torn or edited file reads as missing and never as a wrong supergraph.
 */
export class DiskStore {
  readonly #folder: string;
  readonly #maxRecords: number;

  /** @param maxRecords the oldest records beyond this number are removed after a write */
  constructor(folder: string, maxRecords: number) {
    this.#folder = folder;
    this.#maxRecords = maxRecords;
  }

  /** @returns the record, or `undefined` when there is none that is whole */
  async read(key: string): Promise<unknown> {
    try {
      const { checksum, record } = JSON.parse(await readFile(this.#fileOf(key), 'utf8')) as Record<
        string,
        string
      >;
      return record !== undefined && checksum === sha256(record) ? JSON.parse(record) : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws the file system's error; the caller decides whether a record that is not kept matters */
  async write(key: string, value: unknown): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const record = JSON.stringify(value);
    const draft = `${this.#fileOf(key)}.${randomUUID()}.draft`;
    try {
      await writeFile(draft, JSON.stringify({ checksum: sha256(record), record }), { mode: 0o600 });
      await rename(draft, this.#fileOf(key));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await this.#removeOldest();
  }

  #fileOf(key: string): string {
    return path.join(this.#folder, `${key}.json`);
  }

  async #removeOldest(): Promise<void> {
    const files = (await readdir(this.#folder)).filter((file) => file.endsWith('.json'));
    if (files.length <= this.#maxRecords) return;
    const dated = await Promise.all(
      files.map(async (file) => {
        const location = path.join(this.#folder, file);
        return { location, writtenMs: (await stat(location)).mtimeMs };
      }),
    );
    dated.sort((a, b) => b.writtenMs - a.writtenMs);
    await Promise.all(dated.slice(this.#maxRecords).map(({ location }) => rm(location, { force: true })));
  }
}
