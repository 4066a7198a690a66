/*
 * Runs before `npm start` and `npm test`, with nothing installed: refuses a Node.js that is too old in one sentence, and
 * installs the dependencies when the lock file is newer than what is installed. CommonJS and plain syntax on purpose: an old
 * Node.js reaches the sentence instead of a syntax error.
 */
'use strict';
const childProcess = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const EXIT_UNSUPPORTED_NODE = 6;
const root = path.resolve(__dirname, '..');
const wanted = require(path.join(root, 'package.json')).engines.node.replace('>=', '');

function isOlder(version, minimum) {
  const have = version.split('.').map(Number);
  const need = minimum.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    if (have[i] !== need[i]) return have[i] < need[i];
  }
  return false;
}

const version = process.versions.node;
if (isOlder(version, wanted)) {
  console.error(
    `Tributary needs Node.js ${wanted} or newer; this is ${version}. Install a newer one from https://nodejs.org and run the command again.`,
  );
  process.exit(EXIT_UNSUPPORTED_NODE);
}

/* The mark holds the hash of the lock file that was installed, so a pulled change installs again and nothing else does. */
const mark = path.join(root, 'node_modules', '.tributary-installed');
const lockHash = crypto
  .createHash('sha256')
  .update(fs.readFileSync(path.join(root, 'package-lock.json')))
  .digest('hex');
const installed = fs.existsSync(mark) ? fs.readFileSync(mark, 'utf8') : '';
if (installed !== lockHash) {
  console.error('Installing dependencies (once, about a minute) ...');
  const npm = childProcess.spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    console.error('Installing dependencies failed; the lines above say why. Run `npm ci` to try again.');
    process.exit(1);
  }
  fs.writeFileSync(mark, lockHash);
}
