import { Select } from '@mantine/core';
import type { ReactElement } from 'react';

import type { FaceBlur, Rotation } from '../api/types.ts';
import { camerasText } from '../text/cameras.ts';

interface PictureFieldsProps {
  rotation: Rotation;
  blurFaces: FaceBlur;
  onChange: (change: { rotation?: Rotation; blur_faces?: FaceBlur }) => void;
}

const ROTATIONS: Rotation[] = [0, 90, 180, 270];
const BLURS: FaceBlur[] = ['off', 'unknown', 'all'];

/** How a camera's pictures are turned, and whose faces they may show. */
export function PictureFields({ rotation, blurFaces, onChange }: PictureFieldsProps): ReactElement {
  return (
    <>
      <Select
        label={camerasText.rotation}
        description={rotation === 0 ? undefined : camerasText.rotationHint}
        allowDeselect={false}
        data={ROTATIONS.map((value) => ({ value: String(value), label: camerasText.rotations[value] }))}
        value={String(rotation)}
        onChange={(value) => {
          if (value !== null) onChange({ rotation: Number(value) as Rotation });
        }}
      />
      <Select
        label={camerasText.blur}
        description={camerasText.blurHint}
        allowDeselect={false}
        data={BLURS.map((value) => ({ value, label: camerasText.blurs[value] }))}
        value={blurFaces}
        onChange={(value) => {
          if (value !== null) onChange({ blur_faces: value as FaceBlur });
        }}
      />
    </>
  );
}
