import { ActionIcon } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconVolume, IconVolumeOff } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { setMuted, useMuted } from '../live/sound.ts';
import { text } from '../text/everywhere.ts';

export function SoundSwitch(): ReactElement {
  const muted = useMuted();
  const toggle = (): void => {
    setMuted(!muted);
  };
  useHotkeys([['m', toggle]]);
  const label = muted ? text.sound.unmute : text.sound.mute;
  return (
    <ActionIcon
      variant="subtle"
      color={muted ? 'red' : 'gray'}
      size={36}
      aria-label={text.sound.mute}
      aria-pressed={muted}
      title={`${label} (M)`}
      onClick={toggle}
    >
      {muted ? <IconVolumeOff size={20} stroke={1.7} /> : <IconVolume size={20} stroke={1.7} />}
    </ActionIcon>
  );
}
