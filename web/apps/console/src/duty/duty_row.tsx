import { ActionIcon, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconBellRinging, IconDeviceMobile, IconMapPin, IconPencil, IconPhoneOff } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Duty } from '../api/types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { dutyText } from '../text/duty.ts';
import { text } from '../text/everywhere.ts';
import { useNow } from '../times/clock.ts';
import { comingTime, shortSpan } from '../times/format.ts';
import styles from './duty_page.module.css';
import { spanWords } from './duty_page.tsx';
import { expectedSpans } from './schedule.ts';
import { Strip } from './strip.tsx';

const DAY_MS = 24 * 60 * 60_000;
const WEEK_MS = 7 * DAY_MS;

/** One person: on duty or not and why, until when, how they can be told, and their next 24 hours. */
export function DutyRow({ duty, onEdit }: { duty: Duty; onEdit: () => void }): ReactElement {
  const queries = useQueryClient();
  const nowMs = useNow(60_000);
  const change = useMutation({
    mutationFn: (on: boolean) => request<Duty>(`/api/duty/${encodeURIComponent(duty.user_id)}/switch`, { method: 'PUT', json: { on } }),
    onError: notifyFailed,
    onSettled: () => queries.invalidateQueries({ queryKey: ['duty'] }),
  });
  const on = change.isPending ? change.variables : duty.on_duty;
  const spans = expectedSpans(duty, nowMs, nowMs + DAY_MS);
  return (
    <li className={styles.row} data-on={on || undefined} data-testid="duty-row">
      <Switch
        aria-label={dutyText.switchOf(duty.name)}
        size="md"
        checked={on}
        onChange={(event) => {
          change.mutate(event.currentTarget.checked);
        }}
      />
      <div className={styles.words}>
        <b>{duty.name}</b>
        <span>{text.roles[duty.role]}</span>
      </div>
      <div className={styles.state}>
        <b>{on ? dutyText.on : dutyText.off}</b>
        <span>{[dutyText.reasons[duty.reason], changeWords(duty, nowMs)].filter(Boolean).join(', ')}</span>
      </div>
      <Reach duty={duty} />
      <ActionIcon variant="subtle" color="gray" size={38} aria-label={dutyText.edit(duty.name)} onClick={onEdit}>
        <IconPencil size={19} />
      </ActionIcon>
      {spans.length === 0 ? null : (
      <div className={styles.strip}>
        <Strip
          spans={spans}
          fromMs={nowMs}
          untilMs={nowMs + DAY_MS}
          label={dutyText.stripLabel(duty.name, spanWords(spans, nowMs))}
        />
      </div>
      )}
    </li>
  );
}

/** When this changes by itself. */
function changeWords(duty: Duty, nowMs: number): string {
  const spans = expectedSpans(duty, nowMs, nowMs + WEEK_MS);
  const present = spans.find(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
  if (duty.on_duty) {
    const untilMs = present?.untilMs ?? null;
    return untilMs === null || untilMs >= nowMs + WEEK_MS ? '' : dutyText.until(comingTime(untilMs, nowMs));
  }
  const next = spans.find(({ fromMs }) => fromMs > nowMs);
  return next === undefined ? '' : dutyText.next(comingTime(next.fromMs, nowMs));
}

function Reach({ duty }: { duty: Duty }): ReactElement {
  const { connected, push, fix_age_ms, roster, on_duty, reason } = duty;
  const placed = roster !== null && roster.latitude !== null && roster.longitude !== null;
  const unreachable = on_duty && !connected && !push && reason !== 'field';
  return (
    <ul className={styles.reach}>
      {connected ? (
        <li data-good>
          <IconDeviceMobile size={16} stroke={1.7} aria-hidden />
          {dutyText.connected}
        </li>
      ) : null}
      {push ? (
        <li data-good>
          <IconBellRinging size={16} stroke={1.7} aria-hidden />
          {dutyText.push}
        </li>
      ) : null}
      {unreachable ? (
        <li data-bad>
          <IconPhoneOff size={16} stroke={1.7} aria-hidden />
          {dutyText.unreachableOne}
        </li>
      ) : null}
      <li title={placed ? `${roster.latitude?.toFixed(5) ?? ''}, ${roster.longitude?.toFixed(5) ?? ''}` : undefined}>
        <IconMapPin size={16} stroke={1.7} aria-hidden />
        {[placed ? dutyText.postSet : dutyText.noPost, fix_age_ms === null ? '' : dutyText.fix(shortSpan(Math.max(fix_age_ms, 5_000)))]
          .filter(Boolean)
          .join(', ')}
      </li>
    </ul>
  );
}
