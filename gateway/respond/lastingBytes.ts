/** Texts take turns in blocks of this size. */
const BLOCK_BYTES = 8_192;

let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
let used = 0;

/**
 * The UTF-8 bytes of a text that is kept for as long as an operation is. `Buffer.from` takes small ones out of a pool that all of
 * Node.js shares, so that twenty bytes keep 8 kB alive with whatever else was read there at the time: a prepared operation took
 * twice its memory under load. These lie beside others of their kind, of the same age.
 */
export function lastingBytes(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length > BLOCK_BYTES / 8) {
    const own = Buffer.allocUnsafeSlow(length);
    own.write(text);
    return own;
  }
  if (used + length > BLOCK_BYTES) {
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    used = 0;
  }
  const bytes = block.subarray(used, used + length);
  bytes.write(text);
  used += length;
  return bytes;
}
