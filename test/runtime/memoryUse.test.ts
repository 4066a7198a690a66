import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { containerMemory, heapShare } from '../../gateway/runtime/memoryUse.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tributary-cgroup-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
}

const seen = (): unknown => {
  const memory = containerMemory(root);
  return memory && [memory.limitBytes, memory.usedBytes()];
};

// Source of files and formats: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst
describe('memory of the container', () => {
  test('is that of cgroup v2, without the cache of files that is not in use', () => {
    write({
      'proc/self/cgroup': '0::/\n',
      'sys/fs/cgroup/memory.max': '536870912\n',
      'sys/fs/cgroup/memory.current': '400000000\n',
      'sys/fs/cgroup/memory.stat': 'anon 1\ninactive_file 100000000\nactive_file 5\n',
    });
    expect(seen()).toEqual([536_870_912, 300_000_000]);
  });

  test('is that of its own group where more are seen', () => {
    write({
      'proc/self/cgroup': '0::/system.slice/tributary.service\n',
      'sys/fs/cgroup/memory.max': 'max\n',
      'sys/fs/cgroup/system.slice/tributary.service/memory.max': '1000\n',
      'sys/fs/cgroup/system.slice/tributary.service/memory.current': '900\n',
      'sys/fs/cgroup/system.slice/tributary.service/memory.stat': 'inactive_file 0\n',
    });
    expect(seen()).toEqual([1000, 900]);
  });

  test('is that of cgroup v1', () => {
    write({
      'proc/self/cgroup': '9:name=systemd:/\n4:memory:/docker/abc\n0::/\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '1000\n',
      'sys/fs/cgroup/memory/memory.usage_in_bytes': '900\n',
      'sys/fs/cgroup/memory/memory.stat': 'cache 5\ninactive_file 0\ntotal_inactive_file 200\n',
    });
    expect(seen()).toEqual([1000, 700]);
  });

  test.each([
    ['no cgroups', {}],
    ['v2 without a limit', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': 'max\n' }],
    [
      'v1 without a limit',
      {
        'proc/self/cgroup': '4:memory:/\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      },
    ],
  ])('is not known with %s', (_what, files) => {
    write(files);
    expect(containerMemory(root)).toBeUndefined();
  });
});

describe('memory of the heap', () => {
  test('is a share of the limit', () => {
    expect(heapShare()).toBeGreaterThan(0);
    expect(heapShare()).toBeLessThan(1);
  });
});
