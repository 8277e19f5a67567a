import type { Role } from '../api/types.ts';

export const usersText = {
  title: 'Users',
  add: 'Add user',
  name: 'User name',
  role: 'Role',
  password: 'Password',
  roleHints: {
    admin: 'Everything, with users and cameras.',
    operator: 'Handles alerts, enrols people, sees the system.',
    responder: 'Sees and handles alerts, nothing else.',
    viewer: 'Sees alerts and cameras, changes nothing.',
  } satisfies Record<Role, string>,
  disabled: 'Switched off',
  active: 'Active',
  you: 'you',
  setPassword: 'Set password',
  setPasswordFor: (name: string) => `New password for ${name}`,
  disable: 'Switch off',
  enable: 'Switch on',
  removeTitle: (name: string) => `Delete ${name}?`,
  remove: 'Signs this user out everywhere. What they did stays in the history under their name.',
  nameMissing: 'Give a user name.',
  roleOf: (name: string) => `Role of ${name}`,
  actionsFor: (name: string) => `More for ${name}`,
  since: 'Since',
};
