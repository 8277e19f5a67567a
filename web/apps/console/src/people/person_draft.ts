import type { Person, PersonDraft } from '../api/types.ts';
import { peopleText } from '../text/people.ts';

const OLDEST_YEARS = 130;

export const NO_PERSON: PersonDraft = { first_name: '', last_name: '', age: null, description: '', watch_lists: [] };

export function draftOf(person: Person): PersonDraft {
  const { first_name, last_name, age, description, watch_lists } = person;
  return { first_name, last_name, age, description, watch_lists };
}

/** What is wrong with a draft, by field; empty when it may be sent. */
export function faultsOf(draft: PersonDraft): { first_name?: string; age?: string } {
  return {
    ...(draft.first_name.trim() === '' ? { first_name: peopleText.firstNameMissing } : {}),
    ...(draft.age !== null && !(Number.isInteger(draft.age) && draft.age >= 0 && draft.age <= OLDEST_YEARS)
      ? { age: peopleText.ageWrong }
      : {}),
  };
}
