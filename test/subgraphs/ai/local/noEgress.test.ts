import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../../../..');

/** Loaded into every thread of a process: notes each socket and each name that is looked up. */
const spy = `
  import net from 'node:net';
  import dns from 'node:dns';
  import { threadId } from 'node:worker_threads';
  import { writeSync } from 'node:fs';
  writeSync(1, 'spy in thread ' + threadId + '\\n');
  const note = (of, name, isNoted) => {
    const original = of[name];
    of[name] = function (...given) {
      if (isNoted(given.flat())) writeSync(1, name + ' in thread ' + threadId + '\\n');
      return original.apply(this, given);
    };
  };
  // tsx talks to its other processes through a pipe, which has a path and no port
  note(net.Socket.prototype, 'connect', ([to]) => to?.path === undefined);
  note(dns, 'lookup', () => true);`;

async function linesOf(program: string): Promise<readonly string[]> {
  const spyUrl = `data:text/javascript,${encodeURIComponent(spy)}`;
  const child = spawn(
    process.execPath,
    ['--import', spyUrl, '--import', 'tsx', '--input-type=module', '--eval', program],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  await once(child, 'close');
  return output.trim().split('\n').sort();
}

describe('local models: egress', () => {
  test('everything is answered without a socket or a name look-up, and the program ends by itself', async () => {
    const lines = await linesOf(`
      const { nlp } = await import('./subgraphs/ai/local/nlp.ts');
      const call = { timeoutMs: 25000 };
      const label = (value) => ({ value, description: value });
      await nlp.embed(['a text'], call);
      await nlp.rank('a', ['b'], call);
      await nlp.classify('a', [label('b'), label('c')], call);
      await nlp.language('Guten Morgen', call);
      await nlp.sentiment('Great', call);
      await nlp.keywords('A text about words.', 1, call);
      await nlp.summarize('A text. About words.', 1, call);
      await nlp.entities('a@b.example', call);
      console.log('answered');`);
    // the thread of the models is one of them; tsx has one of its own
    expect([lines[0], lines.filter((line) => !line.startsWith('spy')), lines.length > 2]).toEqual([
      'answered',
      ['answered'],
      true,
    ]);
  });

  test('the spy would see a socket that a thread opens', async () => {
    const lines = await linesOf(`
      import { Worker } from 'node:worker_threads';
      import { createServer } from 'node:net';
      const server = createServer().listen(0, '127.0.0.1', () => {
        const program =
          'import("node:net").then((net) => net.connect(' + server.address().port + ', "127.0.0.1").end())';
        new Worker(program, { eval: true }).on('exit', () => server.close());
      });`);
    expect(lines.some((line) => /^connect in thread [1-9]/.test(line))).toBe(true);
  });
});
