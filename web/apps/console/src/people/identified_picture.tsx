import type { ReactElement } from 'react';
import { useEffect, useRef } from 'react';

import type { Identification } from '../api/types.ts';
import { identifyText } from '../text/people.ts';
import { drawFaces } from '../wall/boxes.ts';
import styles from './identify_page.module.css';

const WIDEST_PX = 1_600;

/** The picture with its faces drawn as on the wall. */
export function IdentifiedPicture({ file, result }: { file: File; result: Identification }): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let gone = false;
    void createImageBitmap(file, { imageOrientation: 'from-image' }).then((picture) => {
      const context = canvas.current?.getContext('2d');
      if (!gone && context) {
        const scale = Math.min(1, WIDEST_PX / picture.width);
        context.canvas.width = Math.round(picture.width * scale);
        context.canvas.height = Math.round(picture.height * scale);
        context.drawImage(picture, 0, 0, context.canvas.width, context.canvas.height);
        drawFaces(context, result.faces.map(asDrawn), result, context.canvas.clientWidth);
      }
      picture.close();
    });
    return () => {
      gone = true;
    };
  }, [file, result]);
  return <canvas ref={canvas} className={styles.picture} role="img" aria-label={identifyText.result} />;
}

function asDrawn(face: Identification['faces'][number]) {
  return { bbox: face.bbox, is_known: face.person !== null, name: face.person?.name ?? null, similarity: face.similarity };
}
