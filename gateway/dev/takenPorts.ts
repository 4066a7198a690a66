import { createServer } from 'node:net';
import type { DevProcess } from './devProcess.ts';

/** A process that cannot have its port, and a sentence for the terminal that says why and what to do. */
export interface TakenPort {
  readonly process: DevProcess;
  readonly message: string;
}

/**
 * Tries every port that the processes need, by binding it and letting it go.
 *
 * @param running processes that have their ports already: a port of theirs is refused by their name
 */
export async function findTakenPorts(
  processes: readonly DevProcess[],
  running: readonly DevProcess[] = [],
): Promise<TakenPort[]> {
  const owners = new Map(running.map(({ port, name }) => [port, name]));
  const taken: TakenPort[] = [];
  for (const process of processes) {
    if (process.port === 0) continue;
    const owner = owners.get(process.port);
    owners.set(process.port, process.name);
    const reason = owner === undefined ? await tryPort(process) : `is needed by ${owner}, too`;
    if (reason === undefined) continue;
    const message = `Port ${process.port}, which ${process.name} needs, ${reason}. ${remedy(process)}`;
    taken.push({ process, message });
  }
  return taken;
}

/** The port of a subgraph is that of its URL. */
function remedy({ role, name, port }: DevProcess): string {
  const other = port + 100 > 65_535 ? port - 100 : port + 100;
  return role === 'gateway'
    ? `End what uses it, or choose another port: PORT=${other} npm start`
    : `End what uses it, or give ${name} a URL with another port in supergraph.yaml (it is started with that PORT).`;
}

function tryPort({ host, port }: DevProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('is taken by another process');
      else resolve(`cannot be had on ${host} (${error.code ?? error.message})`);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
