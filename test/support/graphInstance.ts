import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One of several processes of a subgraph with `type Query { hello: String }`; it says its own name. */
export interface GraphInstance {
  readonly name: string;
  readonly port: number;
  /** Bodies of its requests, oldest first. */
  readonly requests: readonly { readonly body: string; readonly headers: IncomingHttpHeaders }[];
  /** Status of every answer; 200 says hello. */
  status: number;
  /** Nothing is answered before this has resolved. */
  after: Promise<unknown> | undefined;
  /** The next request from now on. */
  nextRequest(): Promise<void>;
  /** As a process that ends in order: it takes no connections, and answers what it has. */
  close(): Promise<void>;
}

export const helloSdl =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\ntype Query { hello: String }';

export async function startGraphInstance(name: string, port = 0): Promise<GraphInstance> {
  const requests: { body: string; headers: IncomingHttpHeaders }[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    requests.push({ body, headers: request.headers });
    for (const resolve of waiting.splice(0)) resolve();
    await instance.after;
    const data = body.includes('_service') ? { _service: { sdl: helloSdl } } : { hello: name };
    response.writeHead(instance.status, { 'content-type': 'application/json' });
    response.end(instance.status === 200 ? JSON.stringify({ data }) : 'broken');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const instance = {
    name,
    port: (server.address() as AddressInfo).port,
    requests,
    status: 200,
    after: undefined as Promise<unknown> | undefined,
    nextRequest: () => new Promise<void>((resolve) => waiting.push(resolve)),
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
  return instance;
}
