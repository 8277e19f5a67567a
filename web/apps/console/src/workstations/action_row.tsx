import { Button } from '@mantine/core';
import { IconBan, IconLock, IconLogout, IconPhoto, IconPlayerPause } from '@tabler/icons-react';
import type { Icon } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import type { ActionEntry, WorkstationAction } from '../api/workstation_types.ts';
import { actionsText } from '../text/workstations.ts';
import { exactTime } from '../times/format.ts';
import { Clock } from '../times/time.tsx';
import styles from './actions_page.module.css';
import { reasonWords, toneOf } from './describe.ts';

const MARKS: Record<WorkstationAction, Icon> = {
  ACTION_SIGN_OUT: IconLogout,
  ACTION_LOCK_SCREEN: IconLock,
  ACTION_WARNING: IconPlayerPause,
  ACTION_ERROR: IconBan,
  NO_ACTION: IconPhoto,
};

interface ActionRowProps {
  /** Entries that say the same, the newest first. */
  run: [ActionEntry, ...ActionEntry[]];
  onShow: (entry: ActionEntry) => void;
}

export function ActionRow({ run, onShow }: ActionRowProps): ReactElement {
  const [newest, ...earlier] = run;
  const { at, workstation, action, reason, user, recognised } = newest;
  const Mark = MARKS[action];
  return (
    <li className={styles.row} data-testid="action">
      <span className={styles.mark} data-tone={toneOf(action)} aria-hidden>
        <Mark size={20} stroke={1.6} />
      </span>
      <div className={styles.words}>
        <b>
          {actionsText.actions[action]}: {reasonWords(action, reason)}
        </b>
        <span>
          {user ?? actionsText.noUser} · {workstation === '' ? actionsText.noWorkstation : workstation}
          {recognised === null ? null : ` · ${actionsText.sat(recognised)}`}
        </span>
      </div>
      <span className={styles.time}>
        <Clock at={at} />
        {earlier.length === 0 ? null : <small>{actionsText.times(run.length)}</small>}
      </span>
      <span className={styles.evidence}>
        <ShowButton entry={newest} onShow={onShow} />
      </span>
      {earlier.length === 0 ? null : (
        <details className={styles.earlier}>
          <summary>{actionsText.earlier(run.length)}</summary>
          <ul>
            {earlier.map((entry) => (
              <li key={entry.id}>
                <Clock at={entry.at} />
                <ShowButton entry={entry} onShow={onShow} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

/** Looking is recorded, so pictures are not fetched before somebody asks for one. */
function ShowButton({ entry, onShow }: { entry: ActionEntry; onShow: (entry: ActionEntry) => void }): ReactElement | null {
  if (entry.picture_url === null) return null;
  return (
    <Button
      size="compact-md"
      variant="default"
      leftSection={<IconPhoto size={16} stroke={1.7} />}
      aria-label={actionsText.evidenceAt(exactTime(entry.at))}
      onClick={() => {
        onShow(entry);
      }}
    >
      {actionsText.evidence}
    </Button>
  );
}
