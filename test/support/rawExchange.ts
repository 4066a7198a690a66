import { once } from 'node:events';
import { connect } from 'node:net';

/** An answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawExchangeOptions {
  readonly port: number;
  /** Bytes to send, as Latin-1. */
  readonly text: string;
  /** Sent again and again until the other side answers: a body that never ends. */
  readonly repeat?: string;
}

/** Sends bytes that no HTTP client would, and reads until the other side closes the connection. */
export async function rawExchange({ port, text, repeat }: RawExchangeOptions): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received += chunk;
  });
  // a server that closes while the client still writes resets the connection; what it answered before counts
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(text, 'latin1');
  const writeOn = (): void => {
    if (repeat === undefined || received !== '' || !socket.writable) return;
    socket.write(repeat, 'latin1', () => setImmediate(writeOn));
  };
  writeOn();
  await closed;
  return parse(received);
}

function parse(received: string): RawAnswer {
  const [head = '', body = ''] = received.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers: Object.fromEntries(
      lines.map((line) => {
        const [name = '', value = ''] = line.split(': ');
        return [name.toLowerCase(), value];
      }),
    ),
    body,
  };
}
