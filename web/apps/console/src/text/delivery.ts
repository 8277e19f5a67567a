import type { StepOutcome } from '../api/types.ts';

export const deliveryText = {
  title: 'Who was told',
  loading: 'Reading who was told',
  atOnce: 'Everybody it is addressed to was told at once.',
  everybody: 'Everybody',
  outside: 'and the outside channels',
  reasons: {
    nearest: 'nearest on duty',
    camera_without_position: 'the camera has no position',
    nobody_on_duty: 'nobody on duty could be reached',
    nobody_left: 'nobody else is left',
    not_acknowledged: 'nobody took it in time',
  } as Record<string, string>,
  outcomes: {
    not_received: 'Did not arrive on the phone in time',
    not_acknowledged: 'Arrived, not taken in time',
    declined: 'Cannot',
    ended: '',
  } satisfies Record<StepOutcome, string>,
  waiting: 'Waiting for an answer',
  raised: 'Raised',
  taken: (name: string) => `Taken by ${name}`,
  away: (distance: string) => `${distance} from the camera`,
  cannot: (name: string) => `${name} cannot`,
  somebody: 'Somebody',
};
