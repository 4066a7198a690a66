import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

/** Records of a name by type; a name that is not listed does not exist. */
export interface DnsRecords {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly SRV?: readonly {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: string;
  }[];
  /** Seconds; 0 where it is not said. */
  readonly ttl?: number;
}

/** Source: RFC 1035, §4.1.1, `RCODE`. */
const responseCodes = { SERVFAIL: 2, REFUSED: 5 } as const;
const types = { A: 1, AAAA: 28, SRV: 33 } as const;
type RecordType = keyof typeof types;

/** A name server on loopback that says what the test tells it. */
export interface DnsServer {
  /** `127.0.0.1:40123` */
  readonly address: string;
  /** Every question, oldest first: `A reviews.internal`. */
  readonly questions: readonly string[];
  /** By name, in lower case. */
  records: Record<string, DnsRecords>;
  /** Answers instead of the records; `silent` answers nothing. */
  failure: 'SERVFAIL' | 'REFUSED' | 'silent' | 'garbage' | undefined;
  /** Types that fail, when not all do. */
  failingTypes: ReadonlySet<RecordType>;
  nextQuestion(): Promise<string>;
  close(): Promise<void>;
}

/** Source: RFC 1035, §4; RFC 3596 for AAAA; RFC 2782 for SRV. */
export async function startDnsServer(records: Record<string, DnsRecords> = {}): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  let waiting: ((question: string) => void)[] = [];
  socket.on('message', (message, from) => {
    const { name, type, end } = readQuestion(message);
    const typeName = (Object.keys(types) as RecordType[]).find((each) => types[each] === type);
    const question = `${typeName ?? type} ${name}`;
    questions.push(question);
    for (const resolve of waiting.splice(0)) resolve(question);
    const { failure, failingTypes } = server;
    if (failure === 'silent') return;
    const isFailing = typeName !== undefined && failingTypes.has(typeName);
    reply(socket, from, {
      message,
      end,
      code:
        failure === 'garbage' ? undefined : responseCodes[failure ?? (isFailing ? 'SERVFAIL' : 'REFUSED')],
      found: failure === undefined && !isFailing ? (server.records[name.toLowerCase()] ?? 'none') : undefined,
      type: typeName,
    });
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    records,
    failure: undefined,
    failingTypes: new Set(),
    nextQuestion: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => {
      waiting = [];
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
  return server;
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), type: message.readUInt16BE(at + 1), end: at + 5 };
}

interface Reply {
  readonly message: Buffer;
  /** Where the question ends. */
  readonly end: number;
  /** Used where nothing was found to answer with; `undefined` sends what is no DNS message. */
  readonly code: number | undefined;
  readonly found: DnsRecords | 'none' | undefined;
  readonly type: RecordType | undefined;
}

function reply(
  socket: ReturnType<typeof createSocket>,
  from: RemoteInfo,
  { message, end, code, found, type }: Reply,
): void {
  if (code === undefined) {
    // the number of the question, so that it is read at all
    socket.send(Buffer.concat([message.subarray(0, 2), Buffer.from('garbage')]), from.port, from.address);
    return;
  }
  const answers = found === undefined || found === 'none' || type === undefined ? [] : answersOf(found, type);
  const header = Buffer.alloc(12);
  message.copy(header, 0, 0, 2);
  const NXDOMAIN = 3;
  const responseCode = found === undefined ? code : found === 'none' ? NXDOMAIN : 0;
  // QR, RD, RA
  header.writeUInt16BE(0x8180 | responseCode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  socket.send(Buffer.concat([header, message.subarray(12, end), ...answers]), from.port, from.address);
}

function answersOf(records: DnsRecords, type: RecordType): Buffer[] {
  const answer = (data: Buffer): Buffer => {
    const head = Buffer.alloc(12);
    // a pointer to the name of the question
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(types[type], 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(records.ttl ?? 0, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  };
  switch (type) {
    case 'A':
      return (records.A ?? []).map((address) => answer(Buffer.from(address.split('.').map(Number))));
    case 'AAAA':
      return (records.AAAA ?? []).map((address) => answer(addressBytes(address)));
    case 'SRV':
      return (records.SRV ?? []).map(({ priority, weight, port, target }) => {
        const numbers = Buffer.alloc(6);
        numbers.writeUInt16BE(priority, 0);
        numbers.writeUInt16BE(weight, 2);
        numbers.writeUInt16BE(port, 4);
        return answer(Buffer.concat([numbers, nameBytes(target)]));
      });
    default:
      throw type satisfies never;
  }
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ]);
}

/** `::1` in sixteen bytes. */
function addressBytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const groupsOf = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groupsOf(head), groupsOf(tail)];
  const groups = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}
