import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  canListen,
  fakeGateway,
  folder,
  freePort,
  isAlive,
  isGone,
  nodeProcess,
  Output,
  removeFolder,
  run,
  stayingSource,
  upState,
  writeScript,
} from './devHarness.ts';

afterAll(removeFolder);
const staying = writeScript('staying.mjs', stayingSource);
const pidIn = (match: RegExpExecArray): number => Number(match[1]);

describe('runDev: the banner', () => {
  test('comes after the gateway is ready and the sample query has succeeded, and tells the wait', async () => {
    const waiting_for = [{ subgraph: 'accounts', reason: 'connection refused' }];
    const gateway = await fakeGateway({ health: { status: 'DOWN', waiting_for }, answer: {} });
    const { stdout, stop } = run([gateway.process], { gatewayUrl: gateway.url });

    await stdout.waitFor(/^Waiting for accounts \(connection refused\)$/m);
    gateway.set({ health: { status: 'DOWN', waiting_for: [{ subgraph: 'b', reason: 'r' }] }, answer: {} });
    await stdout.waitFor(/^Waiting for b \(r\)$/m);
    gateway.set({ health: { status: 'DOWN', waiting_for: [] }, answer: {} });
    await stdout.waitFor(/^Waiting for the gateway, which makes its supergraph ready$/m);
    gateway.set({ ...upState, answer: { data: { me: null }, errors: [{ message: 'subgraph is away' }] } });
    await stdout.waitFor(/^The sample query is not answered yet: subgraph is away$/m);
    expect(stdout.text).not.toContain('Tributary is up');
    gateway.set(upState);
    await stdout.waitFor(/Ctrl-C ends everything/);
    expect(stdout.text).toContain('  Sandbox           http://127.0.0.1:4000/\n');
    expect(stdout.text).toContain(`  GraphQL endpoint  ${gateway.url}/graphql\n`);
    expect(stdout.text).toContain(
      `curl ${gateway.url}/graphql -H 'content-type: application/json' -d '{"query":"{me{name}}"}'`,
    );
    expect(stdout.text.match(/not answered yet/g)).toHaveLength(1);
    expect(await stop()).toBe(0);
  });

  test('comes for an answer that stays one in part, and tells what is missing', async () => {
    const errors = [{ message: 'the model is away', path: ['top', 0, 'digest'] }];
    const gateway = await fakeGateway({ ...upState, answer: { data: { top: [{ digest: null }] }, errors } });
    const { stdout, stop } = run([gateway.process], { gatewayUrl: gateway.url }, { partialMs: 0 });
    await stdout.waitFor(/Ctrl-C ends everything/);
    expect(stdout.text).toContain(
      '\nTributary is up, and has answered a query in part: the model is away (at top.0.digest)\n',
    );
    await stop();
  });

  test('does not come for an answer whose data is null', async () => {
    const gateway = await fakeGateway({ ...upState, answer: { data: null } });
    const { stdout, stop } = run([gateway.process], { gatewayUrl: gateway.url });
    await stdout.waitFor(/not answered yet: status 200, and no data/);
    await stop();
    expect(stdout.text).not.toContain('Tributary is up');
  });
});

describe('runDev: ports', () => {
  test('a taken port is named, and nothing starts', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { stdout, stderr, exitCode } = run([
      nodeProcess('accounts', staying),
      nodeProcess('gateway', staying, { port }),
    ]);
    expect(await exitCode).toBe(5);
    expect(stderr.text).toBe(
      `Port ${port}, which gateway needs, is taken by another process. End what uses it, or choose another port: PORT=${port + 100} npm start\n`,
    );
    expect(stdout.text).toBe('');
    server.close();
  });

  test('a port that two processes need is named', async () => {
    const port = await freePort();
    const { stderr, exitCode } = run([
      nodeProcess('accounts', staying, { port }),
      nodeProcess('gateway', staying, { port }),
    ]);
    expect(await exitCode).toBe(5);
    expect(stderr.text).toContain(`Port ${port}, which gateway needs, is needed by accounts, too.`);
  });
});

describe('runDev: lines', () => {
  test('carry the name of their process and stay whole', async () => {
    const talking = writeScript(
      'talking.mjs',
      `process.on('SIGTERM', () => process.exit());
       process.send({ type: 'listening' });
       setInterval(() => {}, 1000);
       process.stdout.write('one\\r\\nnaïve');
       process.stdout.write(' two\\n');
       process.stdout.write('the end');
       process.stderr.write('to stderr\\n');`,
    );
    const { stdout, stderr, stop } = run([nodeProcess('a', talking), nodeProcess('gateway', staying)]);
    await stdout.waitFor(/two\n/);
    await stderr.waitFor(/to stderr\n/);
    await stdout.waitFor(/gateway │ pid/);
    await stop();
    const lines = stdout.text.split('\n').filter((line) => line.startsWith('a '));
    expect(lines).toEqual(['a       │ one', 'a       │ naïve two', 'a       │ the end']);
    expect(stderr.text).toBe('a       │ to stderr\n');
  });
});

describe('runDev: changes', () => {
  test('restart the process that watches the file, and no other', async () => {
    const watched = join(folder, 'watched');
    mkdirSync(join(watched, 'dist'), { recursive: true });
    const gateway = await fakeGateway();
    const { stdout, stop } = run(
      [nodeProcess('accounts', staying, { watch: [watched] }), nodeProcess('b', staying), gateway.process],
      { gatewayUrl: gateway.url },
    );
    const before = pidIn(await stdout.waitFor(/accounts │ pid (\d+)/));
    const other = pidIn(await stdout.waitFor(/b {8}│ pid (\d+)/));
    await stdout.waitFor(/Ctrl-C ends everything/);

    const from = stdout.text.length;
    writeFileSync(join(watched, 'data.sqlite'), '');
    writeFileSync(join(watched, 'dist', 'built.js'), '');
    writeFileSync(join(watched, 'resolvers.ts'), '');
    const after = pidIn(await stdout.waitFor(/accounts │ pid (\d+)/, from));
    expect(stdout.text.slice(from)).toContain('Restarting accounts: watched/resolvers.ts has changed\n');
    expect(stdout.text.slice(from).match(/Restarting/g)).toHaveLength(1);
    expect(after).not.toBe(before);
    expect([isAlive(before), isAlive(after), isAlive(other)]).toEqual([false, true, true]);
    await stop();
  });
});

describe('runDev: crashes', () => {
  test('a process that was ready is started again with doubling waits, without end', async () => {
    const crashing = writeScript(
      'crashing.mjs',
      `process.send({ type: 'listening' }, () => process.exit(1));`,
    );
    const { stderr, stop } = run([nodeProcess('accounts', crashing), nodeProcess('gateway', staying)]);
    await stderr.waitFor(/(?:[\s\S]*0\.08 s\n){4}/);
    expect(await stop()).toBe(0);
    const waits = [...stderr.text.matchAll(/again in ([\d.]+) s/g)].map((match) => match[1]);
    expect(waits.slice(0, 6)).toEqual(['0.02', '0.04', '0.08', '0.08', '0.08', '0.08']);
  });

  test('a process that crashes three times at once ends the whole', async () => {
    const broken = writeScript('broken.mjs', `console.error('the reason'); process.exit(9);`);
    const { stdout, stderr, exitCode } = run([
      nodeProcess('accounts', broken),
      nodeProcess('gateway', staying),
    ]);
    const gateway = pidIn(await stdout.waitFor(/gateway {2}│ pid (\d+)/));
    expect(await exitCode).toBe(1);
    expect(stderr.text.match(/the reason/g)).toHaveLength(3);
    expect(stderr.text).toContain('accounts ended with exit code 9, 3 times at once: giving up');
    expect(isAlive(gateway)).toBe(false);
  });

  test.each([3, 4, 5])('exit code %i of a process becomes that of the whole', async (code) => {
    const refusing = writeScript(`exit-${code}.mjs`, `console.error('one sentence'); process.exit(${code});`);
    const { stderr, exitCode } = run([nodeProcess('accounts', staying), nodeProcess('gateway', refusing)]);
    expect(await exitCode).toBe(code);
    expect(stderr.text).toContain('gateway  │ one sentence\n');
  });

  test('a command that does not exist ends the whole', async () => {
    const missing = nodeProcess('accounts', '', { command: join(folder, 'none'), args: [], ipc: false });
    const { stderr, exitCode } = run([missing]);
    expect(await exitCode).toBe(1);
    expect(stderr.text).toContain('accounts could not be started (spawn');
  });
});

describe('runDev: the end', () => {
  test('leaves no process and no port, also of shell commands and of those that ignore SIGTERM', async () => {
    const port = await freePort();
    const stubborn = writeScript('stubborn.mjs', `process.on('SIGTERM', () => {});\n${stayingSource}`);
    const gateway = await fakeGateway();
    const { stdout, stop } = run(
      [
        nodeProcess('stubborn', stubborn),
        nodeProcess('shell', '', {
          command: '/bin/sh',
          args: ['-c', `"${process.execPath}" "${staying}" & "${process.execPath}" "${staying}"`],
          ipc: false,
          port,
        }),
        gateway.process,
      ],
      { gatewayUrl: gateway.url },
    );
    await stdout.waitFor(/Ctrl-C ends everything/);
    await stdout.waitFor(/shell +│ pid \d+[\s\S]*shell +│ pid \d+/);
    const pids = [...stdout.text.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));
    expect(pids).toHaveLength(4);
    expect(await stop()).toBe(0);
    expect(await Promise.all(pids.map(isGone))).toEqual([true, true, true, true]);
    expect(await canListen(gateway.process.port)).toBe(true);
  });

  const supervise = async (): Promise<{
    output: Output;
    supervisor: ReturnType<typeof spawn>;
    port: number;
  }> => {
    const gateway = await fakeGateway();
    const module = pathToFileURL(join(process.cwd(), 'gateway', 'dev', 'runDev.ts')).href;
    const options = {
      list: [nodeProcess('accounts', staying), gateway.process],
      gatewayUrl: gateway.url,
      graphqlPath: '/graphql',
      sampleQuery: '{ me { name } }',
      pages: [],
    };
    const script = writeScript(
      `supervisor-${gateway.process.port}.mjs`,
      `import { runDev } from ${JSON.stringify(module)};
       const { stdout, stderr } = process;
       const options = ${JSON.stringify(options)};
       process.exitCode = await runDev({ ...options, processes: async () => options.list, stdout, stderr });`,
    );
    const supervisor = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = new Output();
    supervisor.stdout?.pipe(output);
    await output.waitFor(/Ctrl-C ends everything/);
    return { output, supervisor, port: gateway.process.port };
  };

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends everything with exit code 0',
    async (signal) => {
      const { output, supervisor, port } = await supervise();
      const pids = [...output.text.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));
      supervisor.kill(signal);
      expect(await once(supervisor, 'exit')).toEqual([0, null]);
      expect(pids.map(isAlive)).toEqual([false, false]);
      expect(await canListen(port)).toBe(true);
    },
  );

  test('the death of the supervisor ends the processes with an IPC channel', async () => {
    const { output, supervisor } = await supervise();
    const pids = [...output.text.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));
    supervisor.kill('SIGKILL');
    expect(await Promise.all(pids.map(isGone))).toEqual([true, true]);
  });
});
