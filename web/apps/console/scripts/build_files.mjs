// What a page needs of the build, from the manifest that Vite writes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const out = new URL('../../../../src/sightline/console', import.meta.url).pathname;

/** The files that the given entries load at once, with the one font subset that a page in Latin script fetches. */
export function filesOf(entries) {
  const manifest = JSON.parse(readFileSync(join(out, 'assets/manifest.json'), 'utf8'));
  const files = new Set(['index.html']);
  const collect = (key) => {
    const chunk = manifest[key];
    if (chunk === undefined) throw new Error(`${key} is not in the build's manifest`);
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const style of chunk.css ?? []) files.add(style);
    for (const imported of chunk.imports ?? []) collect(imported);
  };
  for (const entry of entries) collect(entry);
  for (const { file } of Object.values(manifest)) if (/geist-latin-wght-normal.*\.woff2$/.test(file)) files.add(file);
  return files;
}
