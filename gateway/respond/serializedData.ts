import type { FormattedExecutionResult } from 'graphql';

/**
 * `data` of a response that is JSON already, in UTF-8; `stringifyResponse` writes it as it is. It is held as the whole of a response
 * that has nothing else, which most responses are: they are sent without another copy.
 */
export class SerializedData {
  /** What stands before the data in `response`, and after. */
  static readonly START: Buffer = Buffer.from('{"data":');
  static readonly END: Buffer = Buffer.from('}\n');

  /** `START`, the data, `END`. */
  readonly response: Buffer;

  constructor(response: Buffer) {
    this.response = response;
  }

  /** The data alone; a view, not a copy. */
  get bytes(): Buffer {
    return this.response.subarray(
      SerializedData.START.length,
      this.response.length - SerializedData.END.length,
    );
  }

  /** For whoever serializes a response without knowing of this class. */
  toJSON(): unknown {
    return JSON.parse(this.bytes.toString('utf8'));
  }
}

/**
 * Writes a GraphQL response as JSON: text, or bytes where its data is such already. Whoever joins them to a text, as Apollo
 * Server does for a batch, gets their text. Key order: errors first, as Apollo Server has it and GraphQL §7.1 recommends.
 */
export function stringifyResponse(response: FormattedExecutionResult): string | Buffer {
  const data: unknown = response.data;
  if (!(data instanceof SerializedData)) return `${JSON.stringify(response)}\n`;
  if (Object.keys(response).every((key) => key === 'data' || response[key as 'data'] === undefined)) {
    return data.response;
  }
  let before = '';
  let after: string | undefined;
  for (const [key, value] of Object.entries(response)) {
    if (value === undefined) continue;
    const label = `${before === '' && after === undefined ? '{' : ','}${JSON.stringify(key)}:`;
    if (value === data) {
      before += label;
      after = '';
    } else if (after === undefined) before += label + JSON.stringify(value);
    else after += label + JSON.stringify(value);
  }
  return joined(before, data.bytes, `${after}}\n`);
}

function joined(before: string, bytes: Buffer, after: string): Buffer {
  const start = Buffer.byteLength(before);
  const whole = Buffer.allocUnsafe(start + bytes.length + Buffer.byteLength(after));
  whole.write(before, 0);
  whole.set(bytes, start);
  whole.write(after, start + bytes.length);
  return whole;
}
