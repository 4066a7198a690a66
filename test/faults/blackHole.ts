import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A port that answers no SYN: a connection to it neither succeeds nor fails. */
export interface BlackHole {
  readonly port: number;
  close(): Promise<void>;
}

/** Its thread listens and then sleeps: nobody accepts. */
const LISTENS_AND_SLEEPS = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});`;

/** A connection on loopback that takes longer than this is not answered. */
const UNANSWERED_MS = 200;

/**
 * Opens one, without rights to change the routing of packets: Linux drops a SYN when nobody accepts and the queue of accepted
 * connections is full (`tcp_conn_request`, `sk_acceptq_is_full`), so that queue is filled here.
 */
export async function openBlackHole(): Promise<BlackHole> {
  const thread = new Worker(LISTENS_AND_SLEEPS, { eval: true });
  const [port] = (await once(thread, 'message')) as [number];
  const filling: Socket[] = [];
  for (let isFull = false; !isFull; ) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    filling.push(socket);
    isFull = await isUnanswered(socket);
  }
  return {
    port,
    close: async () => {
      for (const socket of filling) socket.destroy();
      await thread.terminate();
    },
  };
}

function isUnanswered(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), UNANSWERED_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}
