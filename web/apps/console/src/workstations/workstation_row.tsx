import { ActionIcon, Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDeviceDesktop, IconDots, IconKey, IconTrash, IconUserPlus } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Seat, Sitter, StandingStep, Workstation } from '../api/workstation_types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { notifyUndo } from '../feedback/undo.tsx';
import { text } from '../text/everywhere.ts';
import { workstationsText } from '../text/workstations.ts';
import { Clock } from '../times/time.tsx';
import { PersonLine } from './person_line.tsx';
import { outdateWorkstations, workstationUrl } from './queries.ts';
import styles from './workstations_page.module.css';

interface WorkstationRowProps {
  workstation: Workstation;
  seat: Seat | null;
  onStep: (sitter: Sitter, step: StandingStep) => void;
  onAllow: () => void;
  onNewToken: () => void;
  onRemove: () => void;
}

/** One workstation: whether it is connected, and everybody who may sit there. */
export function WorkstationRow({ workstation, seat, onStep, onAllow, onNewToken, onRemove }: WorkstationRowProps): ReactElement {
  const queries = useQueryClient();
  const { name, sitters, has_token } = workstation;
  const allow = (sitter: Sitter, method: 'PUT' | 'DELETE'): Promise<unknown> =>
    request(`${workstationUrl(workstation.id)}/people/${encodeURIComponent(sitter.person_id)}`, { method }).finally(() =>
      outdateWorkstations(queries),
    );
  const disallow = useMutation({
    mutationFn: (sitter: Sitter) => allow(sitter, 'DELETE'),
    onError: notifyFailed,
    onSuccess: (_, sitter) => {
      notifyUndo(workstationsText.disallowed(sitter.name, name), () => allow(sitter, 'PUT'));
    },
  });
  return (
    <li className={styles.station} data-testid="workstation" data-connected={seat !== null || undefined}>
      <header>
        <span className={styles.kind} aria-hidden>
          <IconDeviceDesktop size={22} stroke={1.6} />
        </span>
        <div className={styles.words}>
          <h2>{name}</h2>
          <span>
            {seat === null ? (
              has_token ? (
                workstationsText.notConnected
              ) : (
                workstationsText.noToken
              )
            ) : (
              <>
                {workstationsText.connectedSince} <Clock at={seat.connected_at} />
              </>
            )}
          </span>
        </div>
        <Menu position="bottom-end" width={210}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={38} aria-label={workstationsText.moreFor(name)}>
              <IconDots size={19} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconUserPlus size={17} />} onClick={onAllow}>
              {workstationsText.allow}
            </Menu.Item>
            <Menu.Item leftSection={<IconKey size={17} />} onClick={onNewToken}>
              {workstationsText.newToken}
            </Menu.Item>
            <Menu.Item color="red" leftSection={<IconTrash size={17} />} onClick={onRemove}>
              {text.actions.remove}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>
      {sitters.length === 0 ? (
        <p className={styles.nobody}>{workstationsText.nobody}</p>
      ) : (
        <ul className={styles.people} aria-label={workstationsText.people}>
          {sitters.map((sitter) => (
            <PersonLine
              key={sitter.person_id}
              person={{
                sitter,
                personId: sitter.person_id,
                name: sitter.name,
                state: sitter.state,
                why: sitter.why,
                by: '',
                seat: seat?.person_id === sitter.person_id ? seat : null,
              }}
              workstation={name}
              onStep={(step) => {
                onStep(sitter, step);
              }}
              onRemove={() => {
                disallow.mutate(sitter);
              }}
            />
          ))}
        </ul>
      )}
    </li>
  );
}
