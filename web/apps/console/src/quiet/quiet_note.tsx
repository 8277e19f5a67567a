import { IconBellOff } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { quietText } from '../text/quiet.ts';
import { useNow } from '../times/clock.ts';
import styles from './quiet_note.module.css';
import { useQuietPeriods } from './queries.ts';

/** Over the inbox: what raises no alerts just now, so that silence is not taken for peace. */
export default function QuietNote(): ReactElement | null {
  const nowMs = useNow(1_000);
  const periods = (useQuietPeriods().data ?? []).filter(({ from_ms, until_ms }) => from_ms <= nowMs && nowMs < until_ms);
  if (periods.length === 0) return null;
  const everything = periods.some(({ camera_id }) => camera_id === null);
  return (
    <Link to="/duty" className={styles.note}>
      <IconBellOff size={16} stroke={1.8} aria-hidden />
      {everything ? quietText.all : quietText.count(new Set(periods.map(({ camera_id }) => camera_id)).size)}
    </Link>
  );
}
