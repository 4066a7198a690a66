import { parentPort } from 'node:worker_threads';
import { x } from '../../gateway/errors.ts';

const value: number = x;
parentPort?.postMessage(value);
