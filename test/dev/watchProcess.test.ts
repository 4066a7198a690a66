import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ProcessWatch, watchPaths } from '../../gateway/dev/watchProcess.ts';

let folder: string;
let watching: ProcessWatch;
let next: Promise<readonly string[]>;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tributary-watch-'));
  writeFileSync(path.join(folder, 'rules.ts'), '1');
  let resolve: (files: readonly string[]) => void = () => {};
  next = new Promise((settle) => {
    resolve = settle;
  });
  watching = await watchPaths({ paths: [folder], debounceMs: 300, changed: (files) => resolve(files) });
});

afterEach(async () => {
  await watching.close();
  rmSync(folder, { recursive: true });
});

describe('dev: watched files', () => {
  test('a file that an editor writes beside another and renames is not told of', async () => {
    writeFileSync(path.join(folder, 'sedUeZ9W3'), '2');
    renameSync(path.join(folder, 'sedUeZ9W3'), path.join(folder, 'rules.ts'));
    expect(await next).toEqual([path.join(folder, 'rules.ts')]);
  });

  test('a new file is', async () => {
    writeFileSync(path.join(folder, 'more.ts'), '2');
    expect(await next).toEqual([path.join(folder, 'more.ts')]);
  });
});
