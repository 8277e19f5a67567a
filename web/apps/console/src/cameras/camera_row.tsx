import { ActionIcon, Menu, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconBellOff, IconBroadcast, IconDots, IconLayoutGrid, IconMovie, IconPencil, IconPolygon, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { request } from '../api/http.ts';
import type { Camera } from '../api/types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { useQuietPeriods } from '../quiet/queries.ts';
import { quietNow } from '../quiet/quiet_now.ts';
import { camerasText } from '../text/cameras.ts';
import { text } from '../text/everywhere.ts';
import { footageText } from '../text/footage.ts';
import { publishingText } from '../text/publishing.ts';
import { quietText } from '../text/quiet.ts';
import { wallText } from '../text/wall.ts';
import { useNow } from '../times/clock.ts';
import { comingTime } from '../times/format.ts';
import { Ago } from '../times/time.tsx';
import { LiveTile } from '../wall/live_tile.tsx';
import { useCameraState } from '../wall/use_camera_state.ts';
import styles from './cameras_page.module.css';

interface CameraRowProps {
  camera: Camera;
  mayManage: boolean;
  maySnooze: boolean;
  onEdit: () => void;
  onPublish: () => void;
  onSnooze: () => void;
  onRemove: () => void;
}

const PREVIEW_FPS = 2;

export function CameraRow({ camera, mayManage, maySnooze, onEdit, onPublish, onSnooze, onRemove }: CameraRowProps): ReactElement {
  const { latitude, longitude } = camera;
  return (
    <li className={styles.row} data-testid="camera-row" data-camera={camera.id}>
      <div className={styles.preview}>
        <LiveTile cameraId={camera.id} name={camera.name} maxFps={PREVIEW_FPS} quality="pictures" />
      </div>
      <div className={styles.words}>
        <b>{camera.name}</b>
        <code>{camera.source}</code>
        <span>
          {latitude === null || longitude === null
            ? camerasText.noPosition
            : `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`}
        </span>
        {camera.blur_faces === 'off' ? null : <span>{camerasText.blurred[camera.blur_faces]}</span>}
        <QuietMark cameraId={camera.id} />
      </div>
      <State camera={camera} />
      {mayManage || maySnooze ? (
        <Controls camera={camera} mayManage={mayManage} maySnooze={maySnooze} onEdit={onEdit} onPublish={onPublish} onSnooze={onSnooze} onRemove={onRemove} />
      ) : null}
    </li>
  );
}

/** Says that a camera raises no alerts just now: it must not be forgotten. */
function QuietMark({ cameraId }: { cameraId: string }): ReactElement | null {
  const nowMs = useNow(1_000);
  const [longest] = quietNow(useQuietPeriods().data ?? [], cameraId, nowMs);
  if (longest === undefined) return null;
  return (
    <Link to="/duty" className={styles.quiet}>
      <IconBellOff size={15} stroke={1.8} aria-hidden />
      {quietText.now(comingTime(longest.until_ms, nowMs))}
    </Link>
  );
}

function State({ camera }: { camera: Camera }): ReactElement {
  const { state, reason } = useCameraState(camera.id);
  const { fps, analysed_fps, since, width, height } = camera.status;
  const shown = state ?? camera.status.state;
  return (
    <div className={styles.state} data-state={shown}>
      <b>
        <span className={styles.lamp} aria-hidden />
        {text.cameraState[shown]}
      </b>
      {shown === 'online' ? (
        <span>
          {[width > 0 ? `${String(width)} × ${String(height)}` : '', fps > 0 ? wallText.rate(fps, analysed_fps) : '']
            .filter(Boolean)
            .join(' · ')}
        </span>
      ) : (
        <span>{reason}</span>
      )}
      {since > 0 && shown === camera.status.state && shown !== 'disabled' ? (
        <span className={styles.since}>
          {camerasText.since} <Ago at={since} />
        </span>
      ) : null}
    </div>
  );
}

function Controls({ camera, mayManage, maySnooze, onEdit, onPublish, onSnooze, onRemove }: CameraRowProps): ReactElement {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (enabled: boolean) =>
      request(`/api/cameras/${encodeURIComponent(camera.id)}`, { method: 'PATCH', json: { enabled } }),
    onError: notifyFailed,
    onSettled: () => queries.invalidateQueries({ queryKey: ['cameras'] }),
  });
  return (
    <div className={styles.controls}>
      {mayManage ? (
      <Switch
        aria-label={camerasText.switchOn(camera.name)}
        checked={change.isPending ? change.variables : camera.enabled}
        onChange={(event) => {
          change.mutate(event.currentTarget.checked);
        }}
      />
      ) : null}
      <Menu position="bottom-end" width={180}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={camerasText.actionsFor(camera.name)}>
            <IconDots size={19} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to={`/wall/${camera.id}`} leftSection={<IconLayoutGrid size={17} />}>
            {camerasText.openWall}
          </Menu.Item>
          <Menu.Item component={Link} to={`/cameras/${camera.id}/zones`} leftSection={<IconPolygon size={17} />}>
            {camerasText.zones}
          </Menu.Item>
          <Menu.Item component={Link} to={`/cameras/${camera.id}/footage`} leftSection={<IconMovie size={17} />}>
            {footageText.title}
          </Menu.Item>
          {maySnooze ? (
            <Menu.Item leftSection={<IconBellOff size={17} />} onClick={onSnooze}>
              {quietText.menu}
            </Menu.Item>
          ) : null}
          {mayManage ? (
            <>
              {camera.source.startsWith('whip:') ? (
                <Menu.Item leftSection={<IconBroadcast size={17} />} onClick={onPublish}>
                  {publishingText.menu}
                </Menu.Item>
              ) : null}
              <Menu.Item leftSection={<IconPencil size={17} />} onClick={onEdit}>
                {text.actions.edit}
              </Menu.Item>
              <Menu.Item color="red" leftSection={<IconTrash size={17} />} onClick={onRemove}>
                {text.actions.remove}
              </Menu.Item>
            </>
          ) : null}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
