import { Modal } from '@mantine/core';
import type { ReactElement } from 'react';

import type { ActionEntry, Score } from '../api/workstation_types.ts';
import { Picture } from '../pictures/picture.tsx';
import { text } from '../text/everywhere.ts';
import { actionsText } from '../text/workstations.ts';
import { exactTime } from '../times/format.ts';
import styles from './actions_page.module.css';
import { reasonWords } from './describe.ts';

const SCORES: readonly Score[] = ['phone', 'live', 'similarity'];

/** The picture that something was decided by, with the box drawn, and the figures against their thresholds. */
export function EvidenceDialog({ entry, onClose }: { entry: ActionEntry; onClose: () => void }): ReactElement {
  const what = reasonWords(entry.action, entry.reason);
  return (
    <Modal opened onClose={onClose} size="xl" title={actionsText.evidenceTitle(what)} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <div className={styles.shown}>
        <Picture url={entry.picture_url} alt={actionsText.pictureOf(what, entry.workstation)} className={styles.picture} />
        <p>
          {[exactTime(entry.at), entry.user ?? actionsText.noUser, entry.workstation, entry.recognised === null ? '' : actionsText.sat(entry.recognised)]
            .filter(Boolean)
            .join(' · ')}
        </p>
        <dl className={styles.scores}>
          {SCORES.map((name) => (
            <div key={name}>
              <dt>{actionsText.scores[name]}</dt>
              <dd>
                <b className="figure">{entry.scores[name]?.toFixed(2) ?? actionsText.notMeasured}</b>
                {entry.thresholds[name] === undefined ? null : <small>{actionsText.threshold(entry.thresholds[name].toFixed(2))}</small>}
              </dd>
            </div>
          ))}
        </dl>
        <p className={styles.recorded}>{actionsText.evidenceHint}</p>
      </div>
    </Modal>
  );
}
