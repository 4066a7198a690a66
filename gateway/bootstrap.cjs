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
const NETWORK_FAULT =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;
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

/* The errors of npm are held back: for the usual fault, no network, a sentence says more than they do. */
function runNpm(args) {
  const npm = childProcess.spawnSync('npm', [...args, '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1e8,
    shell: process.platform === 'win32',
  });
  if (npm.error && npm.error.code === 'ENOENT') {
    fail(
      'Installing dependencies needs npm, which was not found: install Node.js with npm from https://nodejs.org and run the command again.',
    );
  }
  return { done: npm.status === 0, output: String(npm.stderr || npm.error || '').trim() };
}

function fail(text) {
  console.error(text);
  process.exit(1);
}

function install() {
  /* Without a network `npm ci` tries every package again and again, for minutes. One question tells sooner, and what an
   * earlier install has left in the cache of npm may still be enough. */
  const ping = runNpm(['ping', '--fetch-retries=1', '--fetch-retry-mintimeout=1000']);
  const fault = ping.done ? null : NETWORK_FAULT.exec(ping.output);
  const { done, output } = runNpm(['ci', '--no-audit', '--no-fund', ...(fault ? ['--offline'] : [])]);
  if (done) return;
  const code = (fault || NETWORK_FAULT.exec(output) || [])[0];
  if (code) {
    fail(
      `Installing dependencies failed, because the npm registry cannot be reached (${code}): connect to the internet, or set \`npm config set registry\` or \`proxy\`, and run the command again.`,
    );
  }
  fail(
    `${output}\nInstalling dependencies failed; the lines above say why. Mend that, and run the command again.`,
  );
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
  install();
  fs.writeFileSync(mark, lockHash);
}
