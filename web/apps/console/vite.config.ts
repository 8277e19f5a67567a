import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a running Sightline. */
const server = process.env['SIGHTLINE_URL'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react()],
  // `module`, `browser` and `development|production` are Vite's own conditions; ours reads the packages' sources.
  resolve: { conditions: ['sightline-source', 'module', 'browser', 'development|production'] },
  build: {
    // The Python package serves the console from here, and its wheel carries it.
    outDir: '../../../src/sightline/console',
    emptyOutDir: true,
    target: 'es2022',
    // Data URLs would need a wider content security policy for fonts.
    assetsInlineLimit: 0,
    manifest: 'assets/manifest.json',
    // The polyfill would be the page's only inline script.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { console: 'index.html', sw: 'worker/service_worker.ts' },
      // A service worker is found by its name, and governs what lies beside and below it.
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': server, '/health': server, '/ws': { target: server, ws: true } },
  },
});
