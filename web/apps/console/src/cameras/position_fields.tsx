import { Button, NumberInput, Text } from '@mantine/core';
import { IconCurrentLocation } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { camerasText } from '../text/cameras.ts';
import styles from './cameras_page.module.css';

const DECIMALS = 6;
const LOCATION_WAIT_MS = 10_000;

interface PositionFieldsProps {
  latitude: number | null;
  longitude: number | null;
  error: string | undefined;
  onChange: (position: { latitude?: number | null; longitude?: number | null }) => void;
}

/** Where a camera hangs: the nearest responder is found from it. */
export function PositionFields({ latitude, longitude, error, onChange }: PositionFieldsProps): ReactElement {
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState(false);
  const rounded = (degrees: number): number => Number(degrees.toFixed(DECIMALS));
  const ask = (): void => {
    setAsking(true);
    setFailed(false);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setAsking(false);
        onChange({ latitude: rounded(coords.latitude), longitude: rounded(coords.longitude) });
      },
      () => {
        setAsking(false);
        setFailed(true);
      },
      { enableHighAccuracy: true, timeout: LOCATION_WAIT_MS },
    );
  };
  const asNumber = (value: number | string): number | null => (typeof value === 'number' ? value : null);
  return (
    <div>
      <div className={styles.pair}>
        <NumberInput
          label={camerasText.latitude}
          error={error}
          decimalScale={DECIMALS}
          hideControls
          value={latitude ?? ''}
          onChange={(value) => {
            onChange({ latitude: asNumber(value) });
          }}
        />
        <NumberInput
          label={camerasText.longitude}
          decimalScale={DECIMALS}
          hideControls
          value={longitude ?? ''}
          onChange={(value) => {
            onChange({ longitude: asNumber(value) });
          }}
        />
      </div>
      <Button variant="subtle" size="xs" mt={6} px={6} leftSection={<IconCurrentLocation size={16} />} loading={asking} onClick={ask}>
        {camerasText.here}
      </Button>
      {failed ? (
        <Text size="xs" c="red" role="alert">
          {camerasText.hereFailed}
        </Text>
      ) : null}
    </div>
  );
}
