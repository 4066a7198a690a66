import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { FollowedTls } from '../../../gateway/runtime/tls/followedTls.ts';
import { type Certified, certificateAuthority } from '../../support/certificates.ts';

const authority = certificateAuthority();

let cwd: string;
let followed: FollowedTls | undefined;
let lines: Record<string, unknown>[];
let written: PassThrough;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'tributary-tls-'));
  lines = [];
  written = new PassThrough();
  written.on('data', (line) => lines.push(JSON.parse(String(line))));
});
afterEach(() => {
  followed?.stop();
  followed = undefined;
  rmSync(cwd, { recursive: true });
});

function follow(folder = ''): FollowedTls {
  followed = new FollowedTls({
    sources: {
      chain: { setting: 'chain', value: path.join(folder, 'tls.crt') },
      key: { setting: 'key', value: path.join(folder, 'tls.key') },
    },
    cwd,
    log: pino(written),
  });
  return followed;
}

function write({ cert, key }: Certified, folder = ''): void {
  writeFileSync(path.join(cwd, folder, 'tls.crt'), cert);
  writeFileSync(path.join(cwd, folder, 'tls.key'), key);
}

const changed = (tls: FollowedTls): Promise<void> =>
  new Promise((resolve) => {
    tls.onChange(resolve);
  });

/** Waits for a line of the log. */
async function said(message: RegExp): Promise<Record<string, unknown>> {
  for (;;) {
    const line = lines.find(({ msg }) => message.test(String(msg)));
    if (line !== undefined) return line;
    await once(written, 'data');
  }
}

describe('followed certificates', () => {
  test('are those of the files when they are replaced', async () => {
    write(authority.issue());
    const tls = follow();
    const next = authority.issue();
    const isChanged = changed(tls);
    write(next);
    await isChanged;
    expect([tls.current.cert, tls.current.key]).toEqual([next.cert, next.key]);
  });

  // Source: Kubernetes, "AtomicWriter" (pkg/volume/util/atomic_writer.go): files link to `..data`, which is swapped by rename
  test('are followed through the links of a mounted secret', async () => {
    const mount = (version: string, certified: Certified): void => {
      mkdirSync(path.join(cwd, 'secret', version), { recursive: true });
      write(certified, `secret/${version}`);
      symlinkSync(version, path.join(cwd, 'secret', '..data_tmp'));
      renameSync(path.join(cwd, 'secret', '..data_tmp'), path.join(cwd, 'secret', '..data'));
    };
    mount('..1', authority.issue());
    for (const name of ['tls.crt', 'tls.key'])
      symlinkSync(path.join('..data', name), path.join(cwd, 'secret', name));
    const tls = follow('secret');
    const next = authority.issue();
    const isChanged = changed(tls);
    mount('..2', next);
    await isChanged;
    expect(tls.current.cert).toBe(next.cert);
  });

  test('stay in force when a file is wrong, and the log names the setting', async () => {
    const first = authority.issue();
    write(first);
    const tls = follow();
    writeFileSync(path.join(cwd, 'tls.key'), authority.issue().key);
    expect(await said(/stay in force/)).toMatchObject({
      level: 50,
      msg: 'key: is not the key of the first certificate of chain\nthe certificates before stay in force',
    });
    expect([tls.current.cert, tls.current.key]).toEqual([first.cert, first.key]);
  });

  test('that expire soon are warned of', async () => {
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3 * 86_400_000);
    write(authority.issue({ notAfter }));
    follow();
    expect(await said(/expires on/)).toMatchObject({
      level: 40,
      setting: 'chain',
      msg: `a certificate of chain expires on ${notAfter.toISOString()}`,
    });
  });
});
