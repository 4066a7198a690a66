import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type ErrorCode, GatewayError } from '../errors.ts';
import { fileProblem } from '../supergraph/fileProblem.ts';

/**
 * Reads a file named on the command line, or standard input for `-`.
 * @throws GatewayError of the given code when the file cannot be read
 */
export async function readTextArgument(
  name: string,
  { cwd, code }: { readonly cwd: string; readonly code: ErrorCode },
): Promise<string> {
  if (name === '-') return text(process.stdin);
  const file = path.resolve(cwd, name);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new GatewayError(code, { message: fileProblem(file, cause), cause });
  }
}
