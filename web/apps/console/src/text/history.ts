export const historyText = {
  title: 'History',
  state: 'State',
  anyState: 'Any state',
  camera: 'Camera',
  anyCamera: 'Any camera',
  person: 'Person',
  anyPerson: 'Any person',
  empty: 'No alerts match these filters.',
  older: 'Show older',
};
