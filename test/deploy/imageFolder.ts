import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Stage } from './dockerfile.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** A folder that holds what the image holds at `/app`. */
export interface ImageFolder {
  readonly app: string;
  /** Files and folders below `app`, apart from packages and the volume, sorted. */
  list(): readonly string[];
  remove(): void;
}

/**
 * Does what the Dockerfile says, without Docker: copies what it copies, runs the scripts that it runs, and keeps what the
 * last stage takes over. Packages are not installed anew: the build stage gets those of this checkout, and the last
 * stage the production dependencies of `package.json` alone, so that an import of anything else fails.
 */
export async function buildImageFolder([build, runtime]: readonly [Stage, Stage]): Promise<ImageFolder> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tributary-image-'));
  const built = path.join(folder, 'build');
  const app = path.join(folder, 'app');
  mkdirSync(built);
  mkdirSync(app);
  symlinkSync(path.join(root, 'node_modules'), path.join(built, 'node_modules'));
  for (const { name, text } of build.instructions) {
    const words = text.split(' ');
    if (name === 'COPY') copy(words, { from: root, to: built });
    if (name === 'RUN' && text.startsWith('npm run ')) await runScript(words.slice(1), built);
  }
  for (const { name, flags, text } of runtime.instructions) {
    if (name !== 'COPY') continue;
    if (flags.from !== build.name) throw new Error(`COPY ${text} is not from the stage ${build.name}.`);
    const [source = '', target = ''] = text.split(' ');
    const relative = path.posix.relative('/app', source);
    if (relative === 'node_modules') linkDependencies(app);
    else if (relative === '.tributary') mkdirSync(path.join(app, target));
    else copy([relative, target], { from: built, to: app });
  }
  return {
    app,
    list: () =>
      readdirSync(app, { recursive: true, encoding: 'utf8' })
        .filter((file) => !/^(node_modules|\.tributary)\//.test(file))
        .sort(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function copy(words: readonly string[], { from, to }: { readonly from: string; readonly to: string }): void {
  const target = words.at(-1) ?? '';
  for (const source of words.slice(0, -1)) {
    // `COPY a b ./` puts files under their names; `COPY a b` gives one its new name, and a folder's content
    const name = target.endsWith('/') ? path.join(target, path.basename(source)) : target;
    cpSync(path.join(from, source), path.join(to, name), { recursive: true });
  }
}

async function runScript(args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)('npm', [...args], { cwd });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`npm ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}

function linkDependencies(app: string): void {
  const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const target = path.join(app, 'node_modules', name);
    mkdirSync(path.dirname(target), { recursive: true });
    symlinkSync(path.join(root, 'node_modules', name), target);
  }
}
