import type { Alert, AlertState, AlertUpdate, CameraChange, Recorded, Severity, Tap } from '@sightline/client';

export interface Responder {
  id: string;
  name: string;
}

/** An alert as this page knows it. */
export interface LiveAlert extends Alert {
  state: AlertState;
  /** Who is asked to take it at this moment; unknown until that changes before this page's eyes. */
  responder?: Responder | null;
  /** When its state last changed here, by this page's clock: what has just been taken stays in place for a moment. */
  changedAtMs: number;
}

/** All live state of the console. One reducer changes it; nothing else does. */
export interface LiveState {
  alerts: Readonly<Record<string, LiveAlert>>;
  /** The newest tap of each alert that is not finished, or was refused. */
  taps: Readonly<Record<string, Tap>>;
  /** Alerts that this user said they cannot take. */
  declined: readonly string[];
  cameras: Readonly<Record<string, { status: string; reason: string }>>;
  /** Whether the open alerts were read once: before that, "all quiet" would be a guess. */
  loaded: boolean;
}

export type LiveAction =
  | { kind: 'alert'; alert: Alert; nowMs: number }
  /** All open alerts, as read at or after `askedAtMs`. */
  | { kind: 'open_alerts'; alerts: readonly Alert[]; askedAtMs: number; nowMs: number }
  | { kind: 'updated'; update: AlertUpdate; nowMs: number }
  | { kind: 'recorded'; recorded: Recorded; nowMs: number }
  | { kind: 'tap'; tap: Tap }
  | { kind: 'camera'; change: CameraChange };

export const NOTHING_YET: LiveState = { alerts: {}, taps: {}, declined: [], cameras: {}, loaded: false };

/** How many declined alerts are remembered. */
const KEPT_DECLINED = 200;

/** How many alerts that are no longer open are kept at hand; beyond it the oldest go. */
const KEPT_FINISHED = 100;
/** How long an alert that was just taken stays where it was, greyed, before it moves to those taken. */
export const LINGER_MS = 1_600;

const STATE_RANK: Record<AlertState, number> = { open: 0, acknowledged: 1, closed: 2, expired: 2 };
const SEVERITY_RANK: Record<Severity, number> = { info: 0, warning: 1, error: 2, critical: 3 };

export function reduce(state: LiveState, action: LiveAction): LiveState {
  switch (action.kind) {
    case 'alert':
      return { ...state, alerts: bounded(put(state.alerts, action.alert, action.nowMs)) };
    case 'open_alerts':
      return { ...state, alerts: bounded(openAlerts(state, action)), loaded: true };
    case 'updated':
      return { ...state, alerts: bounded(change(state.alerts, action.update, action.nowMs)) };
    case 'recorded':
      return { ...state, alerts: bounded(change(state.alerts, action.recorded, action.nowMs)) };
    case 'tap':
      return { ...state, taps: tapped(state.taps, action.tap), declined: declined(state.declined, action.tap) };
    case 'camera':
      return { ...state, cameras: cameraChanged(state.cameras, action.change) };
  }
}

/** The inbox: most severe first, then escalated, then newest. What was taken a moment ago is still there, greyed. */
export function inboxOf(state: LiveState, nowMs: number): LiveAlert[] {
  return Object.values(state.alerts)
    .filter((alert) => alert.state === 'open' || isLingering(alert, nowMs))
    .sort(moreUrgent);
}

/** Alerts that somebody has taken, the latest first. */
export function takenOf(state: LiveState, nowMs: number): LiveAlert[] {
  return Object.values(state.alerts)
    .filter((alert) => alert.state === 'acknowledged' && !isLingering(alert, nowMs))
    .sort((a, b) => (b.at ?? b.timestamp) - (a.at ?? a.timestamp));
}

export function openCount(state: LiveState): number {
  return Object.values(state.alerts).filter((alert) => alert.state === 'open').length;
}

/** Cameras with an open alert, for the outline on the wall. */
export function camerasWithOpenAlert(state: LiveState): ReadonlySet<string> {
  return new Set(Object.values(state.alerts).flatMap((alert) => (alert.state === 'open' ? [alert.camera.id] : [])));
}

/** Which alert to look at after `alertId`: the next that nobody is dealing with, else the one before; `null` if none. */
export function nextAfter(inbox: readonly LiveAlert[], alertId: string, taps: LiveState['taps']): string | null {
  const free = (alert: LiveAlert): boolean => alert.state === 'open' && taps[alert.alert_id]?.state !== 'sent' && taps[alert.alert_id]?.state !== 'queued';
  const at = inbox.findIndex((alert) => alert.alert_id === alertId);
  const after = inbox.slice(at + 1).find(free) ?? inbox.slice(0, Math.max(at, 0)).reverse().find(free);
  return after?.alert_id ?? null;
}

function isLingering(alert: LiveAlert, nowMs: number): boolean {
  return alert.state === 'acknowledged' && nowMs - alert.changedAtMs < LINGER_MS;
}

function moreUrgent(a: LiveAlert, b: LiveAlert): number {
  return (
    SEVERITY_RANK[b.severity] - SEVERITY_RANK[a.severity] ||
    (b.escalation_level ?? 0) - (a.escalation_level ?? 0) ||
    b.timestamp - a.timestamp ||
    b.offset - a.offset
  );
}

type Alerts = LiveState['alerts'];

function put(alerts: Alerts, alert: Alert, nowMs: number): Alerts {
  const known = alerts[alert.alert_id];
  const state = alert.state ?? 'open';
  if (known !== undefined && STATE_RANK[known.state] > STATE_RANK[state]) return alerts;
  // What this page finds already taken was not taken before its eyes.
  const changedAtMs = known === undefined ? (state === 'open' ? nowMs : 0) : known.state === state ? known.changedAtMs : nowMs;
  const asked = known?.responder === undefined ? {} : { responder: known.responder };
  return { ...alerts, [alert.alert_id]: { ...asked, ...alert, state, changedAtMs } };
}

function openAlerts(state: LiveState, action: Extract<LiveAction, { kind: 'open_alerts' }>): Alerts {
  const listed = new Set(action.alerts.map((alert) => alert.alert_id));
  const kept = Object.entries(state.alerts).filter(
    ([id, alert]) => alert.state !== 'open' || listed.has(id) || alert.changedAtMs >= action.askedAtMs,
  );
  return action.alerts.reduce((alerts, alert) => put(alerts, alert, action.nowMs), Object.fromEntries(kept) as Alerts);
}

/** Applies a newer state. States only move forward: a message that arrives late does not reopen an alert. */
function change(alerts: Alerts, news: AlertUpdate | Recorded, nowMs: number): Alerts {
  const known = alerts[news.alert_id];
  if (known === undefined || STATE_RANK[news.state] < STATE_RANK[known.state]) return alerts;
  const level = 'escalation_level' in news ? news.escalation_level : undefined;
  const asked = 'responder' in news ? (news.responder as Responder | null) : known.responder;
  return {
    ...alerts,
    [news.alert_id]: {
      ...known,
      state: news.state,
      by: news.by ?? known.by ?? null,
      at: news.at ?? known.at ?? null,
      verdict: news.verdict ?? known.verdict ?? null,
      ...(asked === undefined ? {} : { responder: asked }),
      escalation_level: Math.max(level ?? 0, known.escalation_level ?? 0),
      changedAtMs: news.state === known.state ? known.changedAtMs : nowMs,
    },
  };
}

function bounded(alerts: Alerts): Alerts {
  const finished = Object.values(alerts).filter((alert) => alert.state !== 'open');
  if (finished.length <= KEPT_FINISHED) return alerts;
  const dropped = finished.sort((a, b) => a.changedAtMs - b.changedAtMs || a.offset - b.offset).slice(0, -KEPT_FINISHED);
  const gone = new Set(dropped.map((alert) => alert.alert_id));
  return Object.fromEntries(Object.entries(alerts).filter(([id]) => !gone.has(id)));
}

function tapped(taps: LiveState['taps'], tap: Tap): LiveState['taps'] {
  if (tap.state === 'recorded') {
    const { [tap.alertId]: known, ...others } = taps;
    return known === undefined || known.id === tap.id ? others : taps;
  }
  return { ...taps, [tap.alertId]: tap };
}

/** A decline counts once the server has it; who takes the alert after all has not declined it. */
function declined(known: LiveState['declined'], tap: Tap): LiveState['declined'] {
  if (tap.state !== 'recorded') return known;
  const others = known.filter((alertId) => alertId !== tap.alertId);
  return tap.kind === 'decline' ? [...others, tap.alertId].slice(-KEPT_DECLINED) : others;
}

function cameraChanged(cameras: LiveState['cameras'], change: CameraChange): LiveState['cameras'] {
  return { ...cameras, [change.camera_id]: { status: change.status, reason: change.reason ?? '' } };
}
