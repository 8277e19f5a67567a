import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconPlugConnected } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Camera, CameraDraft, CameraTest } from '../api/types.ts';
import { Failed } from '../feedback/states.tsx';
import { camerasText } from '../text/cameras.ts';
import styles from './cameras_page.module.css';

interface ConnectionTestProps {
  draft: CameraDraft;
  source: string;
  camera: Camera | undefined;
}

/** Tries a source and says what is there, in plain words and with the picture that would be seen of it. */
export function ConnectionTest({ draft, source, camera }: ConnectionTestProps): ReactElement {
  // A stored source is tested by the camera's id, so that credentials which are not shown are used.
  const which = camera !== undefined && source === camera.source ? { camera_id: camera.id } : { source };
  const question = { ...which, rotation: draft.rotation, blur_faces: draft.blur_faces };
  const test = useMutation({
    mutationFn: () => request<CameraTest>('/api/cameras/test', { method: 'POST', json: question }),
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={18} />}
        disabled={source.trim() === ''}
        loading={test.isPending}
        loaderProps={{ type: 'dots' }}
        title={test.isPending ? camerasText.testing : undefined}
        onClick={() => {
          test.mutate();
        }}
      >
        {camerasText.test}
      </Button>
      {test.error === null ? null : <Failed error={test.error} />}
      {test.data === undefined ? null : <Outcome outcome={test.data} />}
    </>
  );
}

function Outcome({ outcome }: { outcome: CameraTest }): ReactElement {
  return (
    <div className={styles.test} data-ok={outcome.ok || undefined} role="status" data-testid="test-outcome">
      <span>{outcome.message}</span>
      {outcome.picture === null ? null : <img src={`data:image/jpeg;base64,${outcome.picture}`} alt={camerasText.testPicture} />}
      {outcome.ok && outcome.width > 0 ? (
        <small>{camerasText.testSize(outcome.width, outcome.height, outcome.fps, outcome.codec)}</small>
      ) : null}
    </div>
  );
}
