import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';

const folder = mkdtempSync(path.join(tmpdir(), 'tributary-bootstrap-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mark = path.join(folder, 'node_modules', '.tributary-installed');
const called = path.join(folder, 'npm-called');
const lock = '{ "lockfileVersion": 3 }';

/** Puts an `npm` on the PATH that notes its arguments and its folder, and then does as it is told. */
function fakeNpm(then = ''): void {
  const file = path.join(folder, 'bin', 'npm');
  writeFileSync(file, `#!/bin/sh\necho "$PWD $*" >> "${called}"\n${then}\n`);
  chmodSync(file, 0o755);
}

/** Arguments of every call, each of which must have been made in the folder of the project. */
function npmCalls(): string[] {
  return readFileSync(called, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replace(`${folder} `, ''));
}

function bootstrap(...nodeArguments: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [...nodeArguments, path.join(folder, 'gateway', 'bootstrap.cjs')], {
    encoding: 'utf8',
    env: { PATH: `${path.join(folder, 'bin')}:/usr/bin:/bin` },
  });
}

/** Runs under a Node.js that says to be another version. */
function bootstrapAs(version: string): SpawnSyncReturns<string> {
  const preload = path.join(folder, 'version.cjs');
  writeFileSync(
    preload,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  );
  return bootstrap('-r', preload);
}

const failing = (code: string): string =>
  `mkdir -p node_modules; echo "npm error code ${code}" >&2; echo "npm error in many lines" >&2; exit 1`;

beforeEach(() => {
  for (const name of ['gateway', 'bin', 'node_modules']) {
    rmSync(path.join(folder, name), { recursive: true, force: true });
    mkdirSync(path.join(folder, name));
  }
  rmSync(called, { force: true });
  copyFileSync('gateway/bootstrap.cjs', path.join(folder, 'gateway', 'bootstrap.cjs'));
  writeFileSync(path.join(folder, 'package.json'), '{ "engines": { "node": ">=20.19.0" } }');
  writeFileSync(path.join(folder, 'package-lock.json'), lock);
  fakeNpm();
});

describe('bootstrap: Node.js', () => {
  test.each(['20.18.3', '18.20.8', '6.17.1'])(
    '%s is refused in one sentence, before anything else',
    (version) => {
      const { status, stdout, stderr } = bootstrapAs(version);
      expect(stderr).toBe(
        `Tributary needs Node.js 20.19.0 or newer; this is ${version}. Install a newer one from https://nodejs.org and run the command again.\n`,
      );
      expect([status, stdout, existsSync(called)]).toEqual([6, '', false]);
    },
  );

  test.each(['20.19.0', '22.0.0', '100.1.0'])('%s is taken', (version) => {
    expect(bootstrapAs(version).status).toBe(0);
  });
});

describe('bootstrap: dependencies', () => {
  test('are installed by npm ci in the folder of the project, and the lock file is remembered', () => {
    const { status, stdout, stderr } = bootstrap();
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toBe('Installing dependencies (once, about a minute) ...\n');
    expect(npmCalls()).toEqual([
      'ping --fetch-retries=1 --fetch-retry-mintimeout=1000 --loglevel=error',
      'ci --no-audit --no-fund --loglevel=error',
    ]);
    expect(readFileSync(mark, 'utf8')).toBe(createHash('sha256').update(lock).digest('hex'));
  });

  test('are left alone, without a word, while the lock file stays the same', () => {
    bootstrap();
    rmSync(called);
    const { status, stdout, stderr } = bootstrap();
    expect([status, stdout, stderr, existsSync(called)]).toEqual([0, '', '', false]);
  });

  test('are installed again when the lock file has changed', () => {
    bootstrap();
    writeFileSync(path.join(folder, 'package-lock.json'), `${lock}\n`);
    expect(bootstrap().status).toBe(0);
    expect(npmCalls().filter((call) => call.startsWith('ci '))).toHaveLength(2);
  });

  // the codes of Node.js (dns, net) and of npm for a registry that cannot be reached
  test.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ETIMEDOUT'])(
    'without a network (%s), one sentence says so, and the next run tries again',
    (code) => {
      fakeNpm(failing(code));
      const { status, stderr } = bootstrap();
      expect(status).toBe(1);
      expect(stderr.split('\n').slice(1)).toEqual([
        `Installing dependencies failed, because the npm registry cannot be reached (${code}): connect to the internet, or set \`npm config set registry\` or \`proxy\`, and run the command again.`,
        '',
      ]);
      fakeNpm();
      expect(bootstrap().status).toBe(0);
    },
  );

  test('come from the cache of npm where the network is away and all of them are in it', () => {
    fakeNpm('if [ "$1" = ping ]; then echo "npm error code ENOTFOUND" >&2; exit 1; fi');
    expect(bootstrap().status).toBe(0);
    expect(npmCalls()[1]).toBe('ci --no-audit --no-fund --offline --loglevel=error');
  });

  test('are installed as ever when the registry does not know what a ping is', () => {
    fakeNpm('if [ "$1" = ping ]; then echo "npm error code E404" >&2; exit 1; fi');
    expect(bootstrap().status).toBe(0);
    expect(npmCalls()[1]).toBe('ci --no-audit --no-fund --loglevel=error');
  });

  test('that fail otherwise show what npm said', () => {
    fakeNpm(failing('EINTEGRITY'));
    expect(bootstrap().stderr.split('\n').slice(1)).toEqual([
      'npm error code EINTEGRITY',
      'npm error in many lines',
      'Installing dependencies failed; the lines above say why. Mend that, and run the command again.',
      '',
    ]);
  });

  test('say that npm is missing where it is', () => {
    rmSync(path.join(folder, 'bin', 'npm'));
    const result = spawnSync(process.execPath, [path.join(folder, 'gateway', 'bootstrap.cjs')], {
      encoding: 'utf8',
      env: { PATH: path.join(folder, 'bin') },
    });
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('needs npm, which was not found');
  });
});
