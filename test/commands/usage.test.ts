import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from '@jest/globals';
import { exitCodes } from '../../gateway/commands/exitCodes.ts';
import { removeFolder, runCommand } from './commandHarness.ts';

afterAll(removeFolder);

describe('tributary: help', () => {
  test('names every command, and every exit code', async () => {
    const { code, stdout, stderr } = await runCommand('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const name of ['serve', 'dev', 'compose', 'config', 'plan'])
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    const listed = [...stdout.matchAll(/^ {2}(\d) {2}\S/gm)].map((match) => Number(match[1]));
    expect(listed).toEqual(Object.values(exitCodes));
  });

  test('of a command names its flags', async () => {
    const flags: Readonly<Record<string, readonly string[]>> = {
      serve: ['--config', '--supergraph', '--settings', '--host', '--port', '--workers', 'SUPERGRAPH_CONFIG'],
      dev: ['--config', '--settings', '--host', '--port'],
      compose: ['--config', '--output', '--hints', '--settings'],
      'config expand': ['--config', '--format'],
      'config schema': ['--settings'],
      plan: ['--operation-name', '--config', '--supergraph', '--settings', '<operation>'],
    };
    const helps = await Promise.all(Object.keys(flags).map((name) => runCommand(`${name} --help`)));
    expect(helps.map(({ code }) => code)).toEqual(helps.map(() => 0));
    Object.values(flags).forEach((names, index) => {
      for (const name of names) expect(helps[index]?.stdout).toContain(name);
    });
  });

  test('--version prints that of package.json', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await runCommand('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('tributary: wrong words', () => {
  // the words between the quotes are commander's
  test('end with exit code 2 and one sentence', async () => {
    const sentences = {
      srve: "Unknown command 'srve'.\n(Did you mean serve?)",
      'serve --nonsense': "Unknown option '--nonsense'.",
      'serve extra': "Too many arguments for 'serve'. Expected 0 arguments but got 1.",
      'serve --port 70000':
        "Option '--port <number>' argument '70000' is invalid. expected a number from 0 to 65535.",
      plan: "Missing required argument 'operation'.",
    };
    const ended = await Promise.all(Object.keys(sentences).map((line) => runCommand(line)));
    expect(ended).toEqual(
      Object.values(sentences).map((sentence) => ({
        code: 2,
        stdout: '',
        stderr: `${sentence}\n(--help tells what there is)\n`,
      })),
    );
  });

  test('dev refuses port 0, at which it could not find the gateway', async () => {
    const { code, stderr } = await runCommand('dev --port 0');
    expect([code, stderr]).toEqual([
      3,
      'The port cannot be 0 here: `tributary dev` must know where the gateway listens. Choose one with --port or PORT.\n',
    ]);
  });
});
