import '../theme/form_styles.ts';

import { Button } from '@mantine/core';
import { IconAlertHexagon, IconAlertTriangle, IconBellRinging, IconCalendarUser } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';
import { useState } from 'react';

import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import type { Duty } from '../api/types.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { QuietSection } from '../quiet/quiet_section.tsx';
import { useMay } from '../session/session.ts';
import { dutyText, testAlertText } from '../text/duty.ts';
import { useNow } from '../times/clock.ts';
import { comingTime } from '../times/format.ts';
import styles from './duty_page.module.css';
import { DutyRow } from './duty_row.tsx';
import { useDuty } from './queries.ts';
import { RosterDialog } from './roster_dialog.tsx';
import type { Span } from './schedule.ts';
import { expectedSpans, gaps, union } from './schedule.ts';
import { Strip, StripHours } from './strip.tsx';

const TestAlertDialog = fetched(() => import('./test_alert_dialog.tsx'));

const DAY_MS = 24 * 60 * 60_000;

/** Who is on duty, now and next; where nobody is; and what is kept quiet. */
export default function DutyPage(): ReactElement {
  const duty = useDuty();
  const mayManage = useMay('manage_duty');
  const [editing, setEditing] = useState<string | null>(null);
  const [testing, setTesting] = useState(false);
  const everybody = duty.data ?? [];
  const edited = everybody.find((one) => one.user_id === editing);
  return (
    <Page
      title={mayManage ? dutyText.title : dutyText.mine}
      actions={
        mayManage ? (
          <Button
            variant="default"
            leftSection={<IconBellRinging size={18} stroke={1.7} />}
            onClick={() => {
              setTesting(true);
            }}
          >
            {testAlertText.action}
          </Button>
        ) : undefined
      }
    >
      {duty.error !== null && duty.data === undefined ? (
        <Failed error={duty.error} onRetry={duty.refetch} />
      ) : duty.data === undefined ? (
        <LoadingRows label={dutyText.title} rows={3} height={92} />
      ) : everybody.length === 0 ? (
        <Empty icon={<IconCalendarUser size={30} stroke={1.4} />} title={dutyText.emptyTitle}>
          {dutyText.empty}
        </Empty>
      ) : (
        <>
          {mayManage ? <Warning everybody={everybody} /> : null}
          {mayManage ? <Cover everybody={everybody} /> : null}
          <ul className={styles.rows}>
            {[...everybody].sort(onDutyFirst).map((one) => (
              <DutyRow
                key={one.user_id}
                duty={one}
                onEdit={() => {
                  setEditing(one.user_id);
                }}
              />
            ))}
          </ul>
        </>
      )}
      <QuietSection />
      {edited === undefined ? null : (
        <RosterDialog
          duty={edited}
          onClose={() => {
            setEditing(null);
          }}
        />
      )}
      {testing ? (
        <OptionalPart>
          <TestAlertDialog
            onClose={() => {
              setTesting(false);
            }}
          />
        </OptionalPart>
      ) : null}
    </Page>
  );
}

function onDutyFirst(a: Duty, b: Duty): number {
  return Number(b.on_duty) - Number(a.on_duty) || a.name.localeCompare(b.name);
}

function Warning({ everybody }: { everybody: readonly Duty[] }): ReactElement | null {
  const on = everybody.filter((one) => one.on_duty);
  if (on.some((one) => one.connected || one.push || one.reason === 'field')) return null;
  const nobody = on.length === 0;
  return (
    <Notice tone={nobody ? 'critical' : 'warning'} title={nobody ? dutyText.nobodyTitle : dutyText.unreachableTitle}>
      {nobody ? dutyText.nobody : dutyText.unreachable}
    </Notice>
  );
}

function Notice({ tone, title, children }: { tone: 'critical' | 'warning'; title: string; children: ReactNode }): ReactElement {
  const Mark = tone === 'critical' ? IconAlertHexagon : IconAlertTriangle;
  return (
    <div className={styles.notice} data-tone={tone} role="status">
      <Mark size={22} stroke={1.8} aria-hidden />
      <div>
        <b>{title}</b>
        <p>{children}</p>
      </div>
    </div>
  );
}

/** Whether somebody is expected at every hour of the next day. */
function Cover({ everybody }: { everybody: readonly Duty[] }): ReactElement {
  const nowMs = useNow(60_000);
  const untilMs = nowMs + DAY_MS;
  const spans = union(everybody.flatMap((one) => expectedSpans(one, nowMs, untilMs)));
  const holes = gaps(spans, nowMs, untilMs);
  const words =
    spans.length === 0 ? dutyText.notPlanned : holes.length === 0 ? dutyText.covered : dutyText.gaps(spanWords(holes, nowMs));
  return (
    <section className={styles.cover} aria-label={dutyText.coverTitle}>
      <h2 className="eyebrow">{dutyText.coverTitle}</h2>
      <Strip spans={spans} fromMs={nowMs} untilMs={untilMs} label={words} tone="cover" />
      <StripHours fromMs={nowMs} untilMs={untilMs} />
      <p data-gap={holes.length > 0 || undefined}>{words}</p>
    </section>
  );
}

export function spanWords(spans: readonly Span[], nowMs: number): string {
  return spans.map(({ fromMs, untilMs }) => `${fromMs <= nowMs ? dutyText.now : comingTime(fromMs, nowMs)} – ${comingTime(untilMs, nowMs)}`).join(', ');
}
