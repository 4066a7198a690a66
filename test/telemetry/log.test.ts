import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { LogOptions } from '../../gateway/telemetry/log.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Runs a statement over `log` in a process of its own, and gives what came out of it. */
async function run(options: LogOptions, statement: string): Promise<{ stdout: string; stderr: string }> {
  const program = `
    import { createLog } from './gateway/telemetry/log.ts';
    const log = createLog(${JSON.stringify(options)});
    ${statement};
    log.flush(() => {});`;
  return promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
  });
}

const json = { level: 'info', format: 'json', colorize: false } as const;

describe('telemetry: the log', () => {
  test('is one line of JSON a record, on standard error alone', async () => {
    const { stdout, stderr } = await run(json, "log.info({ subgraph: 'products' }, 'hello')");
    expect([stdout, JSON.parse(stderr)]).toEqual([
      '',
      { level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), subgraph: 'products', msg: 'hello' },
    ]);
  });

  test('leaves out what is below its level', async () => {
    expect((await run({ ...json, level: 'warn' }, "log.info('a'); log.warn('b')")).stderr).not.toContain(
      '"a"',
    );
  });

  test('hides the values of secrets', async () => {
    const secret = 'S3CR3T';
    const headers = { authorization: secret, cookie: secret, 'x-api-key': secret };
    const record = { token: secret, headers, request: { password: secret, headers } };
    const { stderr } = await run(json, `log.info(${JSON.stringify(record)}, 'asked')`);
    expect([stderr.includes(secret), stderr.match(/\[Redacted\]/g)?.length]).toEqual([false, 8]);
  });

  test('is written for people as `pretty`', async () => {
    const { stderr } = await run({ ...json, format: 'pretty' }, "log.warn('mind this')");
    expect(stderr).toMatch(/^\[\d\d:\d\d:\d\d\] WARN: mind this\n$/);
  });
});
