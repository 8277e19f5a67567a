import '@mantine/core/styles/Chip.css';
import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/SegmentedControl.css';

import { Button, Modal, Select } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Duty } from '../api/types.ts';
import { PositionFields } from '../cameras/position_fields.tsx';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyDone, notifyFailed } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { dutyText } from '../text/duty.ts';
import { text } from '../text/everywhere.ts';
import { weekText } from '../text/week.ts';
import styles from './duty_page.module.css';
import { ExceptionLines } from './exception_lines.tsx';
import type { RosterDraft, RosterFaults } from './roster_draft.ts';
import { draftOf, faultsOf, isFaultless, rosterOf } from './roster_draft.ts';
import { ShiftLines } from './shift_lines.tsx';

const NO_FAULTS: RosterFaults = { shifts: {}, exceptions: {} };

/** A person's week, the exceptions to it, and their duty post. */
export function RosterDialog({ duty, onClose }: { duty: Duty; onClose: () => void }): ReactElement {
  const [draft, setDraft] = useState<RosterDraft>(() => draftOf(duty.roster));
  const [shown, setShown] = useState(false);
  const [forgetting, setForgetting] = useState(false);
  const queries = useQueryClient();
  const path = `/api/duty/${encodeURIComponent(duty.user_id)}/roster`;
  const reread = (): Promise<void> => queries.invalidateQueries({ queryKey: ['duty'] });
  const save = useMutation({
    mutationFn: () => request(path, { method: 'PUT', json: rosterOf(draft) }),
    onSuccess: async () => {
      await reread();
      notifyDone(dutyText.saved(duty.name));
      onClose();
    },
  });
  const forget = useMutation({
    mutationFn: () => request(path, { method: 'DELETE' }),
    onError: notifyFailed,
    onSuccess: async () => {
      await reread();
      onClose();
    },
  });
  const faults = shown ? faultsOf(draft) : NO_FAULTS;
  const set = (change: Partial<RosterDraft>): void => {
    setDraft({ ...draft, ...change });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setShown(true);
    if (isFaultless(faultsOf(draft))) save.mutate();
  };
  if (forgetting) {
    return (
      <Confirm
        title={dutyText.forgetTitle(duty.name)}
        body={dutyText.forgetBody}
        action={text.actions.remove}
        busy={forget.isPending}
        onConfirm={() => {
          forget.mutate();
        }}
        onClose={() => {
          setForgetting(false);
        }}
      />
    );
  }
  return (
    <Modal opened onClose={onClose} size="lg" title={dutyText.editTitle(duty.name)} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate className={styles.form}>
        <ShiftLines
          shifts={draft.shifts}
          faults={faults.shifts}
          onChange={(shifts) => {
            set({ shifts });
          }}
        />
        <Select
          label={weekText.zone}
          searchable
          allowDeselect={false}
          data={zones(draft.timezone)}
          value={draft.timezone}
          onChange={(timezone) => {
            if (timezone !== null) set({ timezone });
          }}
        />
        <ExceptionLines
          exceptions={draft.exceptions}
          faults={faults.exceptions}
          onChange={(exceptions) => {
            set({ exceptions });
          }}
        />
        <fieldset>
          <legend>{dutyText.post}</legend>
          <p className={styles.hint}>{dutyText.postHint}</p>
          <PositionFields
            latitude={draft.latitude}
            longitude={draft.longitude}
            error={faults.post}
            onChange={set}
          />
        </fieldset>
        {save.error === null ? null : <Failed error={save.error} />}
        <div className={styles.foot}>
          {duty.roster === null ? null : (
            <Button
              data-forget
              variant="subtle"
              color="red"
              onClick={() => {
                setForgetting(true);
              }}
            >
              {dutyText.forget}
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            {text.actions.cancel}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {text.actions.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Every zone that this browser knows, and the one that is set already. */
function zones(present: string): string[] {
  return [...new Set([present, 'UTC', ...Intl.supportedValuesOf('timeZone')])].sort();
}
