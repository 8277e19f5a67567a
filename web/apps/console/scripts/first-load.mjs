// Prints what a first visit downloads to sign in and use the inbox, compressed, and fails when it grows too large.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT_BYTES = 250_000;
const ROUTES = ['index.html', 'src/session/sign_in_page.tsx', 'src/alerts/inbox_page.tsx'];
const out = new URL('../../../../src/sightline/console', import.meta.url).pathname;

const manifest = JSON.parse(readFileSync(join(out, 'assets/manifest.json'), 'utf8'));
const files = new Set(['index.html']);

function collect(key) {
  const chunk = manifest[key];
  if (chunk === undefined) throw new Error(`${key} is not in the build's manifest`);
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const imported of chunk.imports ?? []) collect(imported);
}
for (const route of ROUTES) collect(route);
// The one font subset that a page in Latin script fetches.
for (const { file } of Object.values(manifest)) if (/geist-latin-wght-normal.*\.woff2$/.test(file)) files.add(file);

let total = 0;
for (const file of files) {
  const bytes = readFileSync(join(out, file));
  const size = file.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  total += size;
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  first load, compressed (limit ${LIMIT_BYTES / 1000} kB)`);
if (total > LIMIT_BYTES) process.exit(1);
