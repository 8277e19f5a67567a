export const publishingText = {
  menu: 'Publish to it',
  title: (name: string) => `Publish to ${name}`,
  lead: 'Nobody fetches this camera’s pictures: a device or program brings them.',
  here: 'This phone or computer',
  hereHint: 'Opens the page that makes this device the camera.',
  program: 'A program, such as OBS',
  programHint: 'Choose WHIP as the service, and give it this address and the camera’s own token.',
  address: 'Address',
  makeToken: 'Make a token',
  tokenTitle: 'The camera’s token',
  tokenLead: 'It is shown this once, and may do no more than publish to this camera. Any token it had before is void.',
};
