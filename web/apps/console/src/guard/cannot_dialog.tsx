import { Button, Modal, TextInput } from '@mantine/core';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { text } from '../text/everywhere.ts';
import { guardText } from '../text/guard.ts';
import styles from './cannot_dialog.module.css';

const LONGEST = 500;

/** Why one cannot: one tap for what is usual, words for the rest, and none of it needed. */
export default function CannotDialog({ onDecline, onClose }: { onDecline: (reason: string) => void; onClose: () => void }): ReactElement {
  const [own, setOwn] = useState('');
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    onDecline(own.trim());
  };
  return (
    <Modal opened onClose={onClose} title={guardText.cannotTitle} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} className={styles.form}>
        <p>{guardText.cannotLead}</p>
        <div className={styles.reasons}>
          {guardText.reasons.map((reason) => (
            <Button
              key={reason}
              size="md"
              variant="default"
              onClick={() => {
                onDecline(reason);
              }}
            >
              {reason}
            </Button>
          ))}
        </div>
        <TextInput
          size="md"
          label={guardText.reasonOwn}
          maxLength={LONGEST}
          value={own}
          onChange={(event) => {
            setOwn(event.currentTarget.value);
          }}
        />
        <Button type="submit" size="md">
          {guardText.cannotSend}
        </Button>
      </form>
    </Modal>
  );
}
