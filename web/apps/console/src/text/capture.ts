export const captureText = {
  title: 'Take a picture',
  use: 'Use this device’s camera',
  finder: 'What this device’s camera shows',
  take: 'Take it',
  fileName: 'this-device.jpg',
  failed: 'This device gave no picture. It may have no camera, or the page needs permission, or HTTPS.',
  dropNow: 'Let go to enrol',
  takePhoto: 'Take a photo',
  choose: 'Choose a picture',
};
