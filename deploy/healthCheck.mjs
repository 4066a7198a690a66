// The health check of the image, which has no curl: exit code 0 when the process in this container answers that it is
// ready. Gateway and subgraphs have the same path, and PORT says where.
import { get } from 'node:http';

const request = get(
  { host: '127.0.0.1', port: process.env.PORT ?? 4000, path: '/health', timeout: 4_000 },
  (response) => {
    response.resume();
    process.exitCode = response.statusCode === 200 ? 0 : 1;
    if (process.exitCode === 1) console.error(`/health answered ${response.statusCode}`);
  },
);
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
