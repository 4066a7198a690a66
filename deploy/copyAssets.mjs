// The last step of `npm run build`: files that the compiled code reads at run time stand beside it in dist/.
import { cpSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
for (const folder of ['gateway', 'subgraphs']) {
  cpSync(path.join(root, folder), path.join(root, 'dist', folder), {
    recursive: true,
    filter: (source) =>
      path.basename(source) !== 'client' && ['', '.graphql', '.yaml', '.txt'].includes(path.extname(source)),
  });
}
