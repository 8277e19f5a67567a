import '../theme/form_styles.ts';
import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/FloatingIndicator.css';

import { Button } from '@mantine/core';
import { IconBroadcast, IconCamera, IconPlayerStopFilled } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useRef, useState } from 'react';

import { Page } from '../feedback/page.tsx';
import { Failed } from '../feedback/states.tsx';
import { deviceText } from '../text/this_device.ts';
import { useAwake } from './awake.ts';
import type { Facing } from './device_stream.ts';
import { useDeviceStream } from './device_stream.ts';
import { Finder } from './finder.tsx';
import { AirState } from './air_state.tsx';
import { Options } from './options.tsx';
import { useOwnCamera } from './own_camera.ts';
import { useOwnPlace } from './own_place.ts';
import styles from './this_device.module.css';
import { usePublisher } from './use_publisher.ts';
import { useLeaveWarning } from './use_leave_warning.ts';

const FIRST_FACING: Facing = 'environment';

/** This phone or computer as a camera: asked for politely, on air while the red sign is on, stopped with one tap. */
export default function ThisDevicePage(): ReactElement {
  const video = useRef<HTMLVideoElement>(null);
  const { camera, turnOn, turnOff } = useDeviceStream();
  const own = useOwnCamera();
  const [onAirAs, setOnAirAs] = useState<string | null>(null);
  const [alertUnknown, setAlertUnknown] = useState(true);
  const [shareLocation, setShareLocation] = useState(true);
  const [problem, setProblem] = useState<Error | null>(null);
  const [beginning, setBeginning] = useState(false);
  const track = camera.phase === 'on' ? camera.track : null;
  const { publishing, retryNow } = usePublisher({ cameraId: onAirAs, track, video });
  const refused = publishing.phase === 'refused';
  const place = useOwnPlace(onAirAs !== null && !refused && shareLocation ? onAirAs : null);
  const awake = useAwake(onAirAs !== null && !refused);
  useLeaveWarning(onAirAs !== null && !refused);
  const start = async (): Promise<void> => {
    setBeginning(true);
    setProblem(null);
    try {
      setOnAirAs(await own.make(alertUnknown));
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
    } finally {
      setBeginning(false);
    }
  };
  const stop = (): void => {
    setOnAirAs(null);
  };
  return (
    <Page title={deviceText.title}>
      <div className={styles.layout}>
        <Finder
          video={video}
          camera={camera}
          cameraId={onAirAs}
          rotation={own.known.find(({ id }) => id === onAirAs)?.rotation ?? 0}
          phase={publishing.phase}
          onTurn={turnOn}
        />
        <div className={styles.side}>
          {camera.phase === 'on' ? null : (
            <>
              <p className={styles.lead}>{deviceText.lead}</p>
              <p className={styles.lead}>{deviceText.who}</p>
              <Button
                size="lg"
                leftSection={<IconCamera size={21} />}
                loading={camera.phase === 'asking'}
                onClick={() => {
                  turnOn(FIRST_FACING);
                }}
              >
                {deviceText.turnOn}
              </Button>
            </>
          )}
          {camera.phase === 'on' && onAirAs === null ? (
            <>
              <Options
                own={own}
                alertUnknown={alertUnknown}
                onAlertUnknown={setAlertUnknown}
                shareLocation={shareLocation}
                onShareLocation={setShareLocation}
              />
              {problem === null ? null : <Failed error={problem} />}
              <Button
                size="lg"
                leftSection={<IconBroadcast size={21} />}
                loading={beginning}
                disabled={own.chosen === null && own.name.trim() === ''}
                onClick={() => void start()}
              >
                {deviceText.start}
              </Button>
              <Button variant="default" onClick={turnOff}>
                {deviceText.turnOff}
              </Button>
            </>
          ) : null}
          {onAirAs === null ? null : (
            <>
              <AirState publishing={publishing} place={place} awake={awake} onRetry={retryNow} />
              {refused ? (
                <Button size="lg" variant="default" onClick={stop}>
                  {deviceText.again}
                </Button>
              ) : (
                <Button size="lg" color="red" leftSection={<IconPlayerStopFilled size={19} />} onClick={stop}>
                  {deviceText.stop}
                </Button>
              )}
            </>
          )}
        </div>
      </div>
    </Page>
  );
}
