// Puts a compressed copy beside every file that a browser would rather fetch that way: the server sends it as it is,
// and need not compress anything itself.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const WORTH_IT_BYTES = 1024;
const out = new URL('../../../../src/sightline/console', import.meta.url).pathname;

let count = 0;
for (const name of readdirSync(out, { recursive: true })) {
  if (!/\.(js|css|svg|html|webmanifest)$/.test(name)) continue;
  const bytes = readFileSync(join(out, name));
  if (bytes.length < WORTH_IT_BYTES) continue;
  writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  count += 1;
}
console.log(`${count} files compressed`);
