export const rejectionsText = {
  title: 'Said not to be this person',
  lead: 'A face nearer to one of these than to the photos is not called by this name.',
  alert: 'In an alert',
  sighting: 'In a sighting',
  by: (name: string) => `said by ${name}`,
  somebody: 'somebody whose account is gone',
  pictureOf: (name: string) => `A face that was taken for ${name}, and is not`,
  remove: 'Take it back',
  removed: 'Taken back.',
};
