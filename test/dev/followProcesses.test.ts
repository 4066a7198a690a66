import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { DevProcess } from '../../gateway/dev/devProcess.ts';
import {
  type FakeGateway,
  fakeGateway,
  folder,
  freePort,
  isAlive,
  isGone,
  nodeProcess,
  type Run,
  removeFolder,
  run,
  stayingSource,
  writeScript,
} from './devHarness.ts';

afterAll(removeFolder);
const staying = writeScript('staying.mjs', stayingSource);

interface Followed extends Run {
  readonly gateway: FakeGateway;
  /** Replaces the list of subgraphs, or makes it unreadable. */
  set(subgraphs: readonly DevProcess[] | Error): void;
  pid(name: string, from?: number): Promise<number>;
}

/** A run that is up, whose list of subgraphs a test changes. */
async function followed(subgraphs: readonly DevProcess[]): Promise<Followed> {
  const gateway = await fakeGateway();
  let current: readonly DevProcess[] | Error = subgraphs;
  const running = run(
    async () => {
      if (current instanceof Error) throw current;
      return [...current, gateway.process];
    },
    { gatewayUrl: gateway.url },
  );
  await running.stdout.waitFor(/Ctrl-C ends everything/);
  return {
    ...running,
    gateway,
    set: (next) => {
      current = next;
    },
    pid: async (name, from) =>
      Number((await running.stdout.waitFor(new RegExp(`^${name} +│ pid (\\d+)`, 'm'), from))[1]),
  };
}

describe('runDev: a changed list', () => {
  test('starts what is new, ends what is gone, and touches nothing else', async () => {
    const { stdout, stop, set, pid } = await followed([
      nodeProcess('accounts', staying),
      nodeProcess('b', staying),
    ]);
    const [accounts, b, gateway] = [await pid('accounts'), await pid('b'), await pid('gateway')];
    const from = stdout.text.length;
    set([nodeProcess('accounts', staying), nodeProcess('weather-station', staying)]);
    const added = await pid('weather-station', from);
    expect(await isGone(b)).toBe(true);
    expect([accounts, gateway, added].map(isAlive)).toEqual([true, true, true]);
    expect(stdout.text.slice(from)).toBe(
      `Ending b: it is no longer in the list\nStarting weather-station\nweather-station │ pid ${added}\n`,
    );
    await stop();
    expect(isAlive(added)).toBe(false);
  });

  test('restarts what differs, and the lines of the others get the width of the longest name', async () => {
    const talking = writeScript(
      'talking.mjs',
      `process.on('SIGUSR2', () => console.log('still here'));\n${stayingSource}`,
    );
    const { stdout, stop, set, pid } = await followed([
      nodeProcess('a', talking),
      nodeProcess('gone', staying),
    ]);
    const a = await pid('a');
    const before = await pid('gone');
    const port = await freePort();
    const from = stdout.text.length;
    set([
      nodeProcess('a', talking),
      nodeProcess('gone', staying, { port }),
      nodeProcess('long-name', staying),
    ]);
    expect(await pid('gone', from)).not.toBe(before);
    expect(stdout.text.slice(from)).toContain('Restarting gone: its port has changed\n');
    await pid('long-name', from);
    process.kill(a, 'SIGUSR2');
    await stdout.waitFor(/^a {9}│ still here$/m);
    await stop();
  });

  test('restarts the gateway for a changed revision', async () => {
    const gateway = await fakeGateway();
    let revision = '1';
    const { stdout, stop } = run(async () => [{ ...gateway.process, revision }], { gatewayUrl: gateway.url });
    await stdout.waitFor(/Ctrl-C ends everything/);
    const from = stdout.text.length;
    revision = '2';
    await stdout.waitFor(/Restarting gateway: a setting has changed\n[\s\S]*pid/, from);
    await stop();
  });

  test('leaves a process alone for what it takes up by itself, and starts it for that when it has given up', async () => {
    const rules = writeScript('rules.txt', 'good');
    // as the gateway does: ends with 3 when it starts on rules that cannot be used
    const reader = writeScript(
      'reader.mjs',
      `import { readFileSync } from 'node:fs';
       if (readFileSync(${JSON.stringify(rules)}, 'utf8') === 'bad') process.exit(3);
       process.on('SIGUSR2', () => console.log('still here'));
       ${stayingSource}`,
    );
    const reading = (revision: string): DevProcess =>
      nodeProcess('reading', reader, { watch: [rules, reader], takesUp: { files: [rules], revision } });
    const { stdout, stop, set, pid } = await followed([reading('1')]);
    const first = await pid('reading');
    let from = stdout.text.length;
    writeFileSync(rules, 'bad');
    set([reading('2'), nodeProcess('b', staying)]);
    await pid('b', from);
    process.kill(first, 'SIGUSR2');
    await stdout.waitFor(/^reading │ still here$/m, from);
    writeFileSync(reader, `${readFileSync(reader, 'utf8')}\n`);
    await stdout.waitFor(/It is started again at the next change/, from);
    expect(stdout.text.slice(from).match(/Restarting .*/g)).toEqual([
      expect.stringMatching(/^Restarting reading: .*reader\.mjs has changed$/),
    ]);
    from = stdout.text.length;
    writeFileSync(rules, 'good');
    await pid('reading', from);
    await stop();
  });

  test('that cannot be read changes nothing and is said once, until it can', async () => {
    const accounts = nodeProcess('accounts', staying);
    const { stdout, stop, set, pid } = await followed([accounts]);
    const before = await pid('accounts');
    const from = stdout.text.length;
    set(new Error('supergraph.yaml is broken'));
    await stdout.waitFor(/^supergraph\.yaml is broken$/m, from);
    set(new Error('it is broken otherwise'));
    await stdout.waitFor(/^it is broken otherwise$/m, from);
    set([accounts, nodeProcess('b', staying)]);
    await pid('b', from);
    expect(stdout.text.slice(from).match(/broken/g)).toHaveLength(2);
    expect(isAlive(before)).toBe(true);
    await stop();
  });

  test('whose new process has a taken port is told so, and starts it with the next change', async () => {
    const { stdout, stop, set, pid } = await followed([]);
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const from = stdout.text.length;
    const weather = nodeProcess('weather', staying, { port });
    set([weather]);
    await stdout.waitFor(
      /Port \d+, which weather needs, is taken by another process\. End what uses it/,
      from,
    );
    await new Promise((resolve) => server.close(resolve));
    set([weather, nodeProcess('b', staying)]);
    await pid('weather', from);
    await stop();
  });
});

describe('runDev: after the banner', () => {
  test('a process that gives up is started again at the next change of its files', async () => {
    const script = writeScript('mended.mjs', 'process.exit(3);');
    const { stdout, stderr, stop, set, pid } = await followed([]);
    set([nodeProcess('weather', script, { watch: [script] })]);
    await stderr.waitFor(/weather ended with exit code 3; the lines above say why/);
    await stdout.waitFor(/^It is started again at the next change; everything else runs on\.$/m);
    writeFileSync(join(folder, 'mended.mjs'), stayingSource);
    await pid('weather');
    expect(await stop()).toBe(0);
  });
});

describe('runDev: the order of the start', () => {
  test('the gateway starts when the subgraphs have said that they listen', async () => {
    const slow = writeScript(
      'slow.mjs',
      `process.on('disconnect', () => process.exit());
       setTimeout(() => { console.log('listens now'); process.send({ type: 'listening' }); }, 300);
       setInterval(() => {}, 1000);`,
    );
    const { stdout, stop } = await followed([nodeProcess('slow', slow)]);
    await stop();
    expect(stdout.text).toMatch(/slow +│ listens now\n(?:Waiting .*\n)?gateway +│ pid/);
  });

  test('it does not wait for a subgraph that has ended, nor for one without an IPC channel', async () => {
    const ending = writeScript('ending.mjs', 'process.exit(1);');
    const { stderr, exitCode, stdout } = run([
      nodeProcess('ending', ending),
      nodeProcess('silent', staying, { ipc: false }),
      nodeProcess('gateway', staying),
    ]);
    // far below `readyMs`: three crashes take a tenth of a second
    expect(await exitCode).toBe(1);
    expect(stderr.text).toContain('giving up');
    expect(stdout.text).toMatch(/^gateway +│ pid/m);
  });
});
