/** The console's icon, with the number of open alerts on it. A data URL: the icon is no more than a few shapes. */
export function badgedIcon(count: number): string {
  if (count === 0) return '/icon.svg';
  const label = count > 9 ? '9+' : String(count);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="15" fill="#0d141b"/><path d="M8 32C14 21.500 22.500 16 32 16s18 5.500 24 16c-6 10.500-14.500 16-24 16S14 42.500 8 32Z" fill="none" stroke="#4fd1c0" stroke-width="4"/><circle cx="32" cy="32" r="7.500" fill="#4fd1c0"/><circle cx="45" cy="19" r="18" fill="#e5483c"/><text x="45" y="28" font-family="system-ui,sans-serif" font-size="26" font-weight="700" fill="#fff" text-anchor="middle">${label}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
