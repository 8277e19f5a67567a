import { requestPicture } from '../api/http.ts';

/** Saves what a URL of ours answers as a file on this device; the token travels in the header. Raises `ApiError`. */
export async function saveFrom(url: string, name: string): Promise<void> {
  saveBlob(await requestPicture(url), name);
}

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads it after this function has ended.
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
}
