/** Workstations as REST shows them. Times are milliseconds since the epoch. */
export type Standing = 'active' | 'paused' | 'blocked';
export type StandingStep = 'pause' | 'resume' | 'block' | 'unblock';
export type WorkstationAction = 'ACTION_SIGN_OUT' | 'ACTION_LOCK_SCREEN' | 'ACTION_WARNING' | 'ACTION_ERROR' | 'NO_ACTION';
export type WorkstationReason =
  | 'REASON_PHONE_DETECTION'
  | 'REASON_NO_FACE'
  | 'REASON_SPOOF_IMAGE'
  | 'REASON_WRONG_USER'
  | 'REASON_CLIENT_NOT_AVAILABLE'
  | 'REASON_BLOCKED_CLIENT'
  | 'REASON_PAUSED_CLIENT'
  | 'SYSTEM_FULL'
  | 'EMPTY_REASON';

/** Somebody who may sit at a workstation; without `references` nobody is recognised. */
export interface Sitter {
  person_id: string;
  name: string;
  state: Standing;
  why: string;
  references: number;
}

export interface Workstation {
  id: string;
  name: string;
  sitters: Sitter[];
  has_token: boolean;
  connected: boolean;
  created_at: number;
}

/** A connection, and what was last said of it; without `workstation_id` one without a token. */
export interface Seat {
  workstation_id: string | null;
  workstation: string;
  person_id: string | null;
  user_name: string;
  state: Standing;
  connected_at: number;
  action: WorkstationAction | null;
  reason: WorkstationReason | null;
  verdict_at: number | null;
  latency_ms: number | null;
}

export interface StandingRecord {
  person_id: string;
  name: string;
  state: Standing;
  reason: string;
  by: string;
  at: number;
}

export interface ActionEntry {
  id: string;
  at: number;
  workstation: string;
  action: WorkstationAction;
  reason: WorkstationReason;
  person_id: string | null;
  user: string | null;
  recognised_id: string | null;
  recognised: string | null;
  scores: Partial<Record<Score, number | null>>;
  thresholds: Partial<Record<Score, number>>;
  picture_url: string | null;
}

export type Score = 'phone' | 'live' | 'similarity';
