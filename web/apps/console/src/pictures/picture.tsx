import { IconPhotoOff, IconUser } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import styles from './picture.module.css';
import { useBlobImage, usePicture } from './use_picture.ts';

interface PictureProps {
  url: string | null | undefined;
  alt: string;
  /** What stands in for a missing picture, in words. */
  missing?: string;
  className?: string | undefined;
}

/** A picture that needs the token, with a calm stand-in while it loads and where there is none. */
export function Picture({ url, alt, missing, className }: PictureProps): ReactElement {
  const { blob, error } = usePicture(url);
  const frame = [styles.frame, className].filter(Boolean).join(' ');
  if (blob !== undefined) {
    return (
      <span className={frame}>
        <BlobImage blob={blob} alt={alt} />
      </span>
    );
  }
  if (typeof url === 'string' && error === null) return <span className={`${frame} ${styles.loading ?? ''}`} />;
  return (
    <span className={frame} role="img" aria-label={missing ?? alt} title={error?.message ?? missing}>
      {error === null ? <IconUser aria-hidden stroke={1.2} /> : <IconPhotoOff aria-hidden stroke={1.2} />}
    </span>
  );
}

export function BlobImage({ blob, alt, className }: { blob: Blob; alt: string; className?: string | undefined }): ReactElement {
  return <img ref={useBlobImage(blob)} alt={alt} className={className} />;
}
