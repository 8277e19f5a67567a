/** What was dropped or chosen, folders opened; pictures and recordings only. */
const KINDS = /^(image|video)\//;
const NAMES = /\.(jpe?g|png|webp|bmp|tiff?|gif|avif|mp4|m4v|mov|mkv|avi|webm|mpe?g|ts)$/i;

export function isAnalysable({ name, type }: Pick<File, 'name' | 'type'>): boolean {
  return KINDS.test(type) || NAMES.test(name);
}

/** Must be called while the drop is handled: afterwards browsers forget what was dropped. */
export async function filesOf(dropped: DataTransfer): Promise<File[]> {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = entries.length === 0 ? [...dropped.files] : (await Promise.all(entries.map(within))).flat();
  return found.filter(isAnalysable);
}

async function within(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    })];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  // A folder is told in parts; an empty part is its end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (part.length === 0) break;
    inside.push(...part);
  }
  return (await Promise.all(inside.map(within))).flat();
}
