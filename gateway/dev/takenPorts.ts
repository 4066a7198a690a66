import { createServer } from 'node:net';
import { GatewayError } from '../errors.ts';
import type { DevProcess } from './devProcess.ts';

/**
 * Tries every port that the processes need, by binding it and letting it go.
 *
 * @returns one error for each that cannot be had: PORT_TAKEN, its message a sentence for the terminal
 */
export async function findTakenPorts(processes: readonly DevProcess[]): Promise<GatewayError[]> {
  const owners = new Map<number, string>();
  const errors: GatewayError[] = [];
  for (const process of processes) {
    if (process.port === 0) continue;
    const owner = owners.get(process.port);
    owners.set(process.port, process.name);
    const reason = owner === undefined ? await tryPort(process) : `is needed by ${owner}, too`;
    if (reason === undefined) continue;
    errors.push(
      new GatewayError('PORT_TAKEN', {
        message: `Port ${process.port}, which ${process.name} needs, ${reason}. ${remedy(process, process === processes.at(-1))}`,
      }),
    );
  }
  return errors;
}

/** The gateway is the last of the processes; the port of a subgraph is that of its URL. */
function remedy({ name, port }: DevProcess, isGateway: boolean): string {
  return isGateway
    ? `End what uses it, or choose another port: PORT=${port + 100} npm start`
    : `End what uses it, or give ${name} a URL with another port in supergraph.yaml (it is started with that PORT=)`;
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
