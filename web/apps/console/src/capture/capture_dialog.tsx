import { Button, Group, Modal, Stack } from '@mantine/core';
import { IconCamera } from '@tabler/icons-react';
import type { ReactElement, RefObject } from 'react';
import { useRef } from 'react';

import { captureText } from '../text/capture.ts';
import { text } from '../text/everywhere.ts';
import styles from './capture.module.css';
import { pictureOf, useDeviceCamera } from './device_camera.ts';

const LONGEST_PX = 1_600;

/** Takes one picture with this device's camera. */
export default function CaptureDialog({ onClose, onFile }: { onClose: () => void; onFile: (file: File) => void }): ReactElement {
  const video = useRef<HTMLVideoElement>(null);
  return (
    <Modal opened onClose={onClose} title={captureText.title} size="lg" keepMounted closeButtonProps={{ 'aria-label': text.actions.close }}>
      <Finder video={video} onClose={onClose} onFile={onFile} />
    </Modal>
  );
}

interface FinderProps {
  video: RefObject<HTMLVideoElement | null>;
  onClose: () => void;
  onFile: (file: File) => void;
}

function Finder({ video, onClose, onFile }: FinderProps): ReactElement {
  const { ready, problem } = useDeviceCamera(video, true);
  const take = async (): Promise<void> => {
    const picture = video.current === null ? null : await pictureOf(video.current, LONGEST_PX);
    if (picture === null) return;
    onFile(new File([picture], captureText.fileName, { type: 'image/jpeg' }));
    onClose();
  };
  return (
    <Stack>
      {problem === null ? null : (
        <p className={styles.problem} role="alert">
          {captureText.failed}
        </p>
      )}
      <video ref={video} className={styles.finder} muted playsInline aria-label={captureText.finder} hidden={problem !== null} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {text.actions.cancel}
        </Button>
        <Button leftSection={<IconCamera size={18} />} disabled={!ready} onClick={() => void take()}>
          {captureText.take}
        </Button>
      </Group>
    </Stack>
  );
}
