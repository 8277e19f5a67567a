import { plural } from './plural.ts';

export const signInText = {
  title: 'Sign in',
  lead: 'People on camera, and who has been told.',
  name: 'User name',
  password: 'Password',
  submit: 'Sign in',
  wrong: 'That user name and password do not belong together.',
  tooMany: (seconds: number | null) =>
    seconds === null ? 'Too many tries. Wait a little.' : `Too many tries. Wait ${plural(seconds, 'second')}.`,
  remember: 'Stay signed in on this device',
  resuming: 'Signing you in',
  waiting: 'No connection. You are signed in as soon as there is one.',
  next: 'Sign in to go on where you were.',
  missing: 'Give your user name and password.',
};
