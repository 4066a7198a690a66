import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DiskStore } from '../../gateway/supergraph/diskStore.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-store-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('supergraph: disk store', () => {
  test('reads what it wrote', async () => {
    const store = new DiskStore(folder, 4);
    await store.write('one', { sdl: 'type Query' });

    await expect(store.read('one')).resolves.toEqual({ sdl: 'type Query' });
  });

  test('reads a missing record as undefined', async () => {
    await expect(new DiskStore(folder, 4).read('none')).resolves.toBeUndefined();
  });

  test.each([
    ['torn', (text: string) => text.slice(0, -20)],
    ['edited', (text: string) => text.replace('Query', 'Other')],
    ['emptied', () => ''],
    ['replaced by other JSON', () => '{"record":3}'],
  ])('reads a record that was %s as undefined', async (_how, change) => {
    const store = new DiskStore(folder, 4);
    await store.write('one', { sdl: 'type Query' });
    const file = path.join(folder, 'one.json');
    await writeFile(file, change(await readFile(file, 'utf8')));

    await expect(store.read('one')).resolves.toBeUndefined();
  });

  test('keeps the newest records and leaves no drafts', async () => {
    const store = new DiskStore(folder, 2);
    for (const [age, key] of ['old', 'middle', 'new'].entries()) {
      await store.write(key, key);
      await utimes(path.join(folder, `${key}.json`), age + 1, age + 1).catch(() => {});
    }
    await store.write('newest', 'newest');

    expect((await readdir(folder)).sort()).toEqual(['new.json', 'newest.json']);
  });

  test('fails when the folder cannot be made', async () => {
    await writeFile(path.join(folder, 'file'), '');

    await expect(new DiskStore(path.join(folder, 'file', 'below'), 4).write('one', 1)).rejects.toThrow();
  });
});
