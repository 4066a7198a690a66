/**
 * Writes and reads Jute, in which ZooKeeper's packets are: big-endian numbers, texts and buffers behind their length, of
 * which -1 is `null`.
 * Source: Apache ZooKeeper, `zookeeper.jute` and `BinaryOutputArchive`.
 */
export class JuteWriter {
  readonly #parts: Buffer[] = [];

  int(value: number): this {
    const part = Buffer.allocUnsafe(4);
    part.writeInt32BE(value);
    return this.#put(part);
  }

  long(value: bigint): this {
    const part = Buffer.allocUnsafe(8);
    part.writeBigInt64BE(value);
    return this.#put(part);
  }

  bool(value: boolean): this {
    return this.#put(Buffer.of(value ? 1 : 0));
  }

  buffer(value: Buffer): this {
    return this.int(value.length).#put(value);
  }

  text(value: string): this {
    return this.buffer(Buffer.from(value, 'utf8'));
  }

  /** The packet, behind its length. */
  packet(): Buffer {
    const body = Buffer.concat(this.#parts);
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(body.length);
    return Buffer.concat([length, body]);
  }

  #put(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }
}

/** @throws RangeError where a packet is shorter than it should be */
export class JuteReader {
  readonly #packet: Buffer;
  #at = 0;

  constructor(packet: Buffer) {
    this.#packet = packet;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#packet.length;
  }

  int(): number {
    this.#at += 4;
    return this.#packet.readInt32BE(this.#at - 4);
  }

  long(): bigint {
    this.#at += 8;
    return this.#packet.readBigInt64BE(this.#at - 8);
  }

  buffer(): Buffer {
    const length = Math.max(this.int(), 0);
    if (this.#at + length > this.#packet.length) throw new RangeError('The packet ends too early.');
    this.#at += length;
    return this.#packet.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.buffer().toString('utf8');
  }

  texts(): string[] {
    const length = Math.max(this.int(), 0);
    if (length > this.#packet.length) throw new RangeError('The packet ends too early.');
    return Array.from({ length }, () => this.text());
  }
}
