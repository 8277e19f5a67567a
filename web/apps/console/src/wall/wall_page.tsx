import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/FloatingIndicator.css';

import { ActionIcon, Button, SegmentedControl, Tooltip } from '@mantine/core';
import { useElementSize, useFullscreenDocument, useHotkeys } from '@mantine/hooks';
import { IconArrowLeft, IconDeviceCctv, IconMaximize, IconMinimize, IconMovie } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';

import { useCameras } from '../cameras/queries.ts';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { useLive } from '../live/live_context.ts';
import { camerasWithOpenAlert } from '../live/live_state.ts';
import { useMay } from '../session/session.ts';
import { footageText } from '../text/footage.ts';
import { wallText } from '../text/wall.ts';
import { gridShape } from './grid_shape.ts';
import type { TileQuality } from './live_tile.tsx';
import styles from './wall_page.module.css';
import { WallTile } from './wall_tile.tsx';

const GAP_PX = 8;

/** All cameras at once, as large as the screen allows; or one alone. */
export default function WallPage(): ReactElement {
  const { cameraId = null } = useParams();
  const { data: cameras, error, refetch } = useCameras();
  const [quality, setQuality] = useState<TileQuality>('auto');
  const { toggle, fullscreen } = useFullscreenDocument();
  const mayManage = useMay('manage_cameras');
  // A browser may refuse, and says so itself.
  const toggleFullScreen = (): void => {
    toggle().catch(() => undefined);
  };
  useHotkeys([['f', toggleFullScreen]]);
  const shown = cameras?.filter((camera) => (cameraId === null ? camera.enabled : camera.id === cameraId));
  const label = fullscreen ? wallText.leaveFullScreen : wallText.fullScreen;
  return (
    <div className={styles.page}>
      <title>{`${wallText.title} · Sightline`}</title>
      <header className={styles.head}>
        {cameraId === null ? null : (
          <ActionIcon component={Link} to="/wall" variant="default" size={34} aria-label={wallText.all}>
            <IconArrowLeft size={18} />
          </ActionIcon>
        )}
        <h1>{cameraId === null ? wallText.title : (shown?.[0]?.name ?? wallText.title)}</h1>
        <Legend />
        {cameraId === null ? null : (
          <Tooltip label={footageText.title}>
            <ActionIcon component={Link} to={`/cameras/${cameraId}/footage`} variant="default" size={34} aria-label={footageText.title}>
              <IconMovie size={18} />
            </ActionIcon>
          </Tooltip>
        )}
        {cameraId === null ? null : <QualityChoice quality={quality} onChange={setQuality} />}
        <Tooltip label={`${label} (F)`}>
          <ActionIcon variant="default" size={34} aria-label={label} onClick={toggleFullScreen}>
            {fullscreen ? <IconMinimize size={18} /> : <IconMaximize size={18} />}
          </ActionIcon>
        </Tooltip>
      </header>
      {error !== null && cameras === undefined ? <Failed error={error} onRetry={refetch} /> : null}
      {cameras === undefined && error === null ? <LoadingRows label={wallText.title} rows={2} height={260} /> : null}
      {shown === undefined ? null : shown.length === 0 ? (
        <Empty
          icon={<IconDeviceCctv size={30} stroke={1.4} />}
          title={wallText.emptyTitle}
          action={
            mayManage ? (
              <Button component={Link} to="/cameras">
                {wallText.addCamera}
              </Button>
            ) : undefined
          }
        >
          {wallText.empty}
        </Empty>
      ) : (
        <Grid count={shown.length}>
          {shown.map((camera) => (
            <Outlined key={camera.id} camera={camera} alone={cameraId !== null} quality={cameraId === null ? 'auto' : quality} />
          ))}
        </Grid>
      )}
    </div>
  );
}

function Grid({ count, children }: { count: number; children: ReactElement[] }): ReactElement {
  const { ref, width, height } = useElementSize();
  const narrow = width < 560;
  const { columns, tileWidth } = gridShape(count, width, height, GAP_PX);
  const track = narrow ? 'minmax(0, 1fr)' : `repeat(${String(columns)}, ${String(tileWidth)}px)`;
  return (
    <div ref={ref} className={styles.area}>
      <ul className={styles.grid} style={{ gridTemplateColumns: track, gap: GAP_PX }}>
        {width === 0 ? null : children}
      </ul>
    </div>
  );
}

function Outlined({ camera, alone, quality }: Omit<Parameters<typeof WallTile>[0], 'alerting'>): ReactElement {
  const alerting = camerasWithOpenAlert(useLive().state).has(camera.id);
  return <WallTile camera={camera} alone={alone} alerting={alerting} quality={quality} />;
}

const QUALITIES = ['auto', 'thumbnail', 'sd', 'hd'] as const;

function QualityChoice({ quality, onChange }: { quality: TileQuality; onChange: (quality: TileQuality) => void }): ReactElement {
  return (
    <SegmentedControl
      size="xs"
      aria-label={wallText.quality}
      value={quality}
      onChange={onChange}
      data={QUALITIES.map((value) => ({ value, label: wallText.qualities[value] }))}
    />
  );
}

function Legend(): ReactElement {
  return (
    <ul className={styles.legend} aria-hidden>
      {(['known', 'unknown', 'pending'] as const).map((identity) => (
        <li key={identity} data-identity={identity}>
          {wallText.legend[identity]}
        </li>
      ))}
    </ul>
  );
}
