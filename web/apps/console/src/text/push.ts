export const pushText = {
  turnOn: 'Turn on notifications',
  turnOff: 'Turn off notifications',
  isOn: 'This device is woken for alerts that are for you.',
  isOff: 'This device is no longer woken.',
  denied: 'Notifications are blocked for this page. Allow them in the browser’s settings.',
  failed: 'The browser’s push service did not answer. Try again later.',
  install: 'Install',
};
