import { plural } from './plural.ts';

export const modelsText = {
  chosen: 'Chosen',
  overruled: 'chosen here',
  choices: { face_model: 'Face detector', embedding_model: 'Face embedder', object_model: 'Persons and things', liveness_model: 'Liveness' },
  change: 'Change',
  changeOf: (what: string) => `Change: ${what}`,
  choose: 'Choose',
  name: 'Model',
  hints: {
    face_model: 'A name of “sightline models list”, or a file of the engine’s machine.',
    embedding_model: 'Every stored photo is embedded anew first; until then the present one recognises.',
    object_model: 'A name of “sightline models list”, a file of the engine’s machine, or “none”.',
    liveness_model: 'A name of “sightline models list”, a file of the engine’s machine, or “none”.',
  },
  told: 'The engines load it now.',
  changing: (from: string, to: string) => `${from} recognises until ${to} is ready`,
  past: (done: number, all: number, model: string) =>
    `${done.toLocaleString()} of ${plural(all, 'sighting')} of before can be searched with ${model}; the others follow by and by`,
  lostRejections: (count: number) =>
    `${plural(count, 'rejection')} (“not this person”) of before cannot hold any more: no picture of the face is left.`,
  progress: (done: number, all: number, failed: number) =>
    `${done.toLocaleString()} of ${plural(all, 'photo')} embedded${failed === 0 ? '' : `, ${failed.toLocaleString()} could not be`}`,
};
