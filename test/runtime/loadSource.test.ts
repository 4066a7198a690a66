import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { rule } from 'graphql-shield';
import { loadSource } from '../../gateway/runtime/loadSource.ts';

let folder: string;
beforeAll(async () => {
  // outside of the repository: no `node_modules` is in reach
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-load-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

describe('runtime: modules of a team', () => {
  test('TypeScript, with what it imports, and the packages of the gateway', async () => {
    const inner = await write('lib/inner.ts', "export const word: string = 'inner';");
    const file = await write(
      'outer.ts',
      `import { GraphQLError } from 'graphql';
       import { word } from './lib/inner.ts';
       import type { Nothing } from './not-there.ts';
       export const error = new GraphQLError(word satisfies string);`,
    );
    const { exports, files } = await loadSource(file);
    // the very class of the gateway: a copy of it would be another error
    expect([exports.error instanceof GraphQLError, String(exports.error), files.toSorted()]).toEqual([
      true,
      'inner',
      [inner, file].toSorted(),
    ]);
  });

  test('what the gateway provides, by its name, wherever the module stands', async () => {
    const file = await write(
      'provided.ts',
      "import { budget } from 'tributary/permissions'; export const kind = typeof budget;",
    );
    const provided = {
      'tributary/permissions': new URL('../../gateway/authorize/budget.js', import.meta.url),
    };
    expect((await loadSource(file, provided)).exports).toMatchObject({ kind: 'function' });
    await expect(loadSource(file)).rejects.toThrow('The gateway provides no "tributary/permissions".');
  });

  // as an ES module it imports of `util` what Node.js 23 has removed
  test('graphql-shield as the CommonJS module that every version of Node.js loads', async () => {
    const file = await write('rules.ts', "export { rule } from 'graphql-shield';");
    const { exports } = await loadSource(file);
    expect([typeof exports.rule, exports.rule === rule]).toEqual(['function', false]);
  });

  test.each(['plain.js', 'plain.mjs'])('JavaScript: %s', async (name) => {
    const file = await write(
      name,
      "import path from 'node:path'; export const name = path.basename('/a/b');",
    );
    expect((await loadSource(file)).exports.name).toBe('b');
  });

  test('is read anew at every call, with what it imports', async () => {
    const file = await write('changing.ts', "export { value } from './value.ts';");
    await write('value.ts', 'export const value = 1;');
    const before = (await loadSource(file)).exports.value;
    await write('value.ts', 'export const value = 2;');
    expect([before, (await loadSource(file)).exports.value]).toEqual([1, 2]);
  });

  test.each([
    ['a file that is not there', 'missing.ts', undefined, /missing\.ts/],
    ['a syntax error', 'broken.ts', 'export const = 1;', /broken\.ts:1:13: ERROR/],
    [
      'a package that is not there',
      'needs.ts',
      "import 'not-a-package';",
      /Could not resolve "not-a-package"/,
    ],
    ['an exception', 'throws.ts', "throw new Error('no store');", /no store/],
  ])('%s is told', async (_what, name, text, message) => {
    const file = text === undefined ? path.join(folder, name) : await write(name, text);
    await expect(loadSource(file)).rejects.toThrow(message);
  });
});
