import '../theme/form_styles.ts';

import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDeviceCctv, IconPlus } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import { request } from '../api/http.ts';
import type { Camera } from '../api/types.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { useMay } from '../session/session.ts';
import { camerasText } from '../text/cameras.ts';
import { text } from '../text/everywhere.ts';
import { CameraDialog } from './camera_dialog.tsx';
import { CameraRow } from './camera_row.tsx';
import styles from './cameras_page.module.css';
import { useCameras } from './queries.ts';

const PublishDialog = fetched(() => import('./publish_dialog.tsx'));
const SnoozeDialog = fetched(() => import('../quiet/snooze_dialog.tsx'));

type Open = { kind: 'add' } | { kind: 'edit'; camera: Camera } | { kind: 'remove'; camera: Camera } | { kind: 'snooze' | 'publish'; camera: Camera } | null;

/** Every camera with its state, and the reason when it is away. */
export default function CamerasPage(): ReactElement {
  const cameras = useCameras();
  const [open, setOpen] = useState<Open>(null);
  const mayManage = useMay('manage_cameras');
  const maySnooze = useMay('snooze_alerts');
  const close = (): void => {
    setOpen(null);
  };
  const addButton = mayManage ? (
    <Button
      leftSection={<IconPlus size={18} />}
      onClick={() => {
        setOpen({ kind: 'add' });
      }}
    >
      {camerasText.add}
    </Button>
  ) : undefined;
  return (
    <Page title={camerasText.title} actions={addButton}>
      {cameras.error !== null && cameras.data === undefined ? (
        <Failed error={cameras.error} onRetry={cameras.refetch} />
      ) : cameras.data === undefined ? (
        <LoadingRows label={camerasText.title} height={88} />
      ) : cameras.data.length === 0 ? (
        <Empty icon={<IconDeviceCctv size={30} stroke={1.4} />} title={camerasText.emptyTitle} action={addButton}>
          {camerasText.empty}
        </Empty>
      ) : (
        <ul className={styles.rows}>
          {cameras.data.map((camera) => (
            <CameraRow
              key={camera.id}
              camera={camera}
              mayManage={mayManage}
              maySnooze={maySnooze}
              onSnooze={() => {
                setOpen({ kind: 'snooze', camera });
              }}
              onPublish={() => {
                setOpen({ kind: 'publish', camera });
              }}
              onEdit={() => {
                setOpen({ kind: 'edit', camera });
              }}
              onRemove={() => {
                setOpen({ kind: 'remove', camera });
              }}
            />
          ))}
        </ul>
      )}
      {open?.kind === 'add' ? <CameraDialog onClose={close} /> : null}
      {open?.kind === 'edit' ? <CameraDialog camera={open.camera} onClose={close} /> : null}
      {open?.kind === 'publish' ? (
        <OptionalPart>
          <PublishDialog camera={open.camera} onClose={close} />
        </OptionalPart>
      ) : null}
      {open?.kind === 'snooze' ? (
        <OptionalPart>
          <SnoozeDialog camera={open.camera} onClose={close} />
        </OptionalPart>
      ) : null}
      {open?.kind === 'remove' ? <RemoveDialog camera={open.camera} onClose={close} /> : null}
    </Page>
  );
}

function RemoveDialog({ camera, onClose }: { camera: Camera; onClose: () => void }): ReactElement {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(`/api/cameras/${encodeURIComponent(camera.id)}`, { method: 'DELETE' }),
    onSuccess: onClose,
    onError: notifyFailed,
    onSettled: () => queries.invalidateQueries({ queryKey: ['cameras'] }),
  });
  return (
    <Confirm
      title={camerasText.removeTitle(camera.name)}
      body={camerasText.remove}
      action={text.actions.remove}
      busy={remove.isPending}
      onConfirm={() => {
        remove.mutate();
      }}
      onClose={onClose}
    />
  );
}
