// Prints what a first visit downloads to sign in and use the inbox, compressed, and fails when it grows too large.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { filesOf, out } from './build_files.mjs';

const LIMIT_BYTES = 250_000;
const ROUTES = ['index.html', 'src/session/sign_in_page.tsx', 'src/alerts/inbox_page.tsx'];

let total = 0;
for (const file of filesOf(ROUTES)) {
  const bytes = readFileSync(join(out, file));
  const size = file.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  total += size;
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  first load, compressed (limit ${LIMIT_BYTES / 1000} kB)`);
if (total > LIMIT_BYTES) process.exit(1);
