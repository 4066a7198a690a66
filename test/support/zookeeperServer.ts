import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from './freePorts.ts';

const jar = '/usr/share/java/zookeeper.jar';

/** Whether ZooKeeper can be run: Debian's package `zookeeper`, which brings Java. */
export function findZookeeper(): boolean {
  if (existsSync(jar) && hasJava()) return true;
  const reason = `there is no ${jar} or no \`java\`; Debian's package is called zookeeper`;
  if (process.env.CI === 'true') throw new Error(`The tests over ZooKeeper cannot run: ${reason}.`);
  console.warn(`The tests over ZooKeeper are skipped: ${reason}.`);
  return false;
}

function hasJava(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A ZooKeeper server of its own, on a free port of loopback, with data in a folder of its own. */
export interface ZookeeperServer {
  readonly port: number;
  /** Ends the process at once and starts it again on the same port; its data stay unless they are to be forgotten. */
  restart(options?: { readonly forgets?: boolean }): Promise<void>;
  /** Stops the process where it stands: connections stay open, and nothing answers. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes its data. */
  close(): Promise<void>;
}

/** The shortest session lives 2 ticks: 200 ms. */
const tickMs = 100;

export async function startZookeeperServer(): Promise<ZookeeperServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tributary-zookeeper-'));
  const [port = 0] = await freePorts(1);
  const data = path.join(folder, 'data');
  const config = path.join(folder, 'zoo.cfg');
  writeFileSync(
    config,
    `tickTime=${tickMs}\ndataDir=${data}\nclientPortAddress=127.0.0.1\nclientPort=${port}\nadmin.enableServer=false\nmaxSessionTimeout=60000\n4lw.commands.whitelist=srvr\n`,
  );
  let server: ChildProcess | undefined;
  const kill = (): void => {
    server?.kill('SIGKILL');
  };
  // a test run that is interrupted leaves no server behind
  process.once('exit', kill);

  const start = async (): Promise<void> => {
    const started = spawn(
      'java',
      [
        '-Xmx128m',
        '-XX:TieredStopAtLevel=1',
        '-Dzookeeper.jmx.log4j.disable=true',
        // a transaction need not reach the disk
        '-Dzookeeper.forceSync=no',
        '-cp',
        jar,
        'org.apache.zookeeper.server.ZooKeeperServerMain',
        config,
      ],
      { stdio: 'ignore', cwd: folder },
    );
    server = started;
    while (!(await isServing(port))) {
      if (started.exitCode !== null)
        throw new Error(`ZooKeeper ended at its start with ${started.exitCode}.`);
      // it says nothing on which one could wait
      await delay(50);
    }
  };
  const stop = async (): Promise<void> => {
    if (server === undefined) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
    server = undefined;
  };
  await start();
  return {
    port,
    start,
    stop,
    async restart({ forgets = false } = {}) {
      await stop();
      if (forgets) rmSync(data, { recursive: true, force: true });
      await start();
    },
    pause: () => server?.kill('SIGSTOP'),
    resume: () => server?.kill('SIGCONT'),
    async close() {
      process.off('exit', kill);
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Whether it serves, which is later than that it listens.
 * Source: ZooKeeper Administrator's Guide, "The Four Letter Words": `srvr` names the mode of a server that serves.
 */
function isServing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('srvr'));
    // one that takes connections before it serves may leave them without an answer
    socket.setTimeout(1_000, () => socket.destroy());
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(answer.includes('Mode: standalone')));
  });
}
