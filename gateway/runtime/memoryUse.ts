import { readFileSync } from 'node:fs';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

const MEGABYTE = 1024 * 1024;
/** V8 keeps two half-spaces for young objects, and as much again for large ones. */
const HALF_SPACES = 3;
const DEFAULT_HALF_SPACE_MB = 16;

/**
 * The share of the heap for objects that live on which is in use, garbage included: a process that has none of it left dies.
 * V8 collects before half of what is left is used up, so garbage alone brings a heap that is half full to three quarters.
 * The young objects have memory of their own, which comes on top of `--max-old-space-size`. Takes 2 µs.
 */
export function heapShare(): number {
  let used = 0;
  for (const { space_name, space_used_size } of v8.getHeapSpaceStatistics()) {
    if (!space_name.startsWith('new_')) used += space_used_size;
  }
  return used / oldLimitBytes;
}

const oldLimitBytes = v8.getHeapStatistics().heap_size_limit - HALF_SPACES * halfSpaceMegabytes() * MEGABYTE;

function halfSpaceMegabytes(): number {
  const flags = [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' ');
  const sizes = [...flags.matchAll(/--max[-_]semi[-_]space[-_]size[= ](\d+)/g)];
  return Number(sizes.at(-1)?.[1] ?? DEFAULT_HALF_SPACE_MB);
}

/** Collects all garbage, in some milliseconds for each hundred megabytes that are in use. */
export function collectGarbage(): void {
  collect ??= (() => {
    v8.setFlagsFromString('--expose-gc');
    return vm.runInNewContext('gc') as () => void;
  })();
  collect();
}

let collect: (() => void) | undefined;

/** The memory that a container may have, and has. */
export interface ContainerMemory {
  readonly limitBytes: number;
  /** What its processes use, without the cache of files that can be given up. */
  usedBytes(): number;
}

/** Larger is no limit: cgroup v1 writes the largest number of pages. */
const NO_LIMIT = 2 ** 62;

/**
 * The memory limit of this process's cgroup; `undefined` where there is none, or no Linux.
 * Source: Linux, `Documentation/admin-guide/cgroup-v2.rst` (`memory.max`, `memory.current`, `memory.stat`) and
 * `cgroup-v1/memory.rst`; what counts as used is what the kubelet counts (`working set`).
 *
 * @param root folder of `proc` and `sys`; another one in tests
 */
export function containerMemory(root = '/'): ContainerMemory | undefined {
  const read = (file: string): string | undefined => {
    try {
      return readFileSync(path.join(root, file), 'utf8');
    } catch {
      return undefined;
    }
  };
  const groups = read('proc/self/cgroup') ?? '';
  const own = {
    v2: /^0::(\/.*)$/m.exec(groups)?.[1] ?? '/',
    v1: /^\d+:memory:(\/.*)$/m.exec(groups)?.[1] ?? '/',
  };
  const places = [
    // within a container its own group is the root of what it sees
    ...[own.v2, '/'].map((group) => ({ ...V2, folder: path.join('sys/fs/cgroup', group) })),
    ...[own.v1, '/'].map((group) => ({ ...V1, folder: path.join('sys/fs/cgroup/memory', group) })),
  ];
  for (const { folder, limit, usage, inactive } of places) {
    const limitBytes = Number(read(path.join(folder, limit)));
    if (!(limitBytes > 0 && limitBytes < NO_LIMIT)) continue;
    return {
      limitBytes,
      usedBytes: () => {
        const used = Number(read(path.join(folder, usage)) ?? 0);
        const cached = Number(inactive.exec(read(path.join(folder, 'memory.stat')) ?? '')?.[1] ?? 0);
        return Math.max(0, used - cached);
      },
    };
  }
  return undefined;
}

const V2 = { limit: 'memory.max', usage: 'memory.current', inactive: /^inactive_file (\d+)$/m } as const;
const V1 = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  inactive: /^total_inactive_file (\d+)$/m,
} as const;
