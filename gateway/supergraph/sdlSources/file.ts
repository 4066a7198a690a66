import { readFile, stat } from 'node:fs/promises';
import { GatewayError } from '../../errors.ts';
import { fileProblem } from '../fileProblem.ts';
import type { MakeSdlSource } from '../sdlSource.ts';

/** `schema: { file: ./products.graphql }`. The error text for a missing file is Rover's. */
export const fileSource: MakeSdlSource<'file'> = ({ path }, { subgraph, maxBytes }) => ({
  polled: true,
  file: path,
  async read(signal) {
    try {
      const { size } = await stat(path);
      if (size > maxBytes) throw new Error(`it has ${size} bytes, and ${maxBytes} are allowed`);
      return await readFile(path, { encoding: 'utf8', signal });
    } catch (cause) {
      throw new GatewayError('SUBGRAPH_SCHEMA_UNAVAILABLE', {
        message: `${fileProblem(path, cause)} (schema of subgraph "${subgraph}")`,
        subgraph,
        cause,
      });
    }
  },
});
