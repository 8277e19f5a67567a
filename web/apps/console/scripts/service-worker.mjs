// Writes into the service worker what it keeps for bad networks: the shell, and the pages that people on their feet use.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { filesOf, out } from './build_files.mjs';

const KEPT_PAGES = [
  'index.html',
  'src/session/sign_in_page.tsx',
  'src/alerts/inbox_page.tsx',
  'src/app/account_menu.tsx',
  'src/app/connection_details.tsx',
  'src/app/more_menu.tsx',
  'src/feedback/toasts.tsx',
  'src/guard/guard_page.tsx',
  'src/guard/cannot_dialog.tsx',
  'src/guard/field_keeper.tsx',
];
const ICONS = ['icon.svg', 'icon-192.png', 'badge-96.png', 'manifest.webmanifest'];

const path = join(out, 'sw.js');
const built = readFileSync(path, 'utf8');
// It is loaded as a classic script, which every browser with push can.
if (/^\s*(import|export)\b/m.test(built)) throw new Error('the service worker must be one file');
const files = [...filesOf(KEPT_PAGES), ...ICONS].map((file) => `/${file}`).sort();
writeFileSync(path, `self.SHELL_FILES=${JSON.stringify(files)};\n${built}`);
console.log(`${files.length} files kept by the service worker`);
