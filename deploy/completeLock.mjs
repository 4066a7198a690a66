// npm run lock: writes package-lock.json anew, without download addresses, and complete for every platform.
//
// A package with native builds lists one optional dependency a platform. A registry mirror may carry only the builds of
// its own platform; npm then leaves the others out of the lock file, and `npm ci` refuses that file everywhere. Their
// names and versions are known from the package that lists them, so they are entered here, without a checksum.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const LOCK = 'package-lock.json';
const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'aix',
  'wasm32',
];
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x'];

execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { stdio: 'inherit' });
const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
for (const [location, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${location}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[hoisted]?.version === version || !/^\d/.test(version))
      continue;
    const words = name.split(/[/-]/);
    const system = SYSTEMS.find((candidate) => words.includes(candidate));
    const processor = PROCESSORS.find((candidate) => words.includes(candidate));
    if (!system) continue;
    lock.packages[lock.packages[hoisted] ? nested : hoisted] = {
      version,
      ...(processor && { cpu: [processor] }),
      ...(entry.dev && { dev: true }),
      ...(words.includes('musl') && { libc: ['musl'] }),
      ...(words.some((word) => word === 'gnu') && system === 'linux' && { libc: ['glibc'] }),
      optional: true,
      ...(system !== 'wasm32' && { os: [system] }),
    };
  }
}
for (const entry of Object.values(lock.packages)) delete entry.resolved;
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
