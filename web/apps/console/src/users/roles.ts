import type { Role } from '../api/types.ts';

/** The roles that a person can have, most rights first. */
export const ROLES: readonly Role[] = ['admin', 'operator', 'responder', 'viewer'];
