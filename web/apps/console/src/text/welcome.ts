export const welcomeText = {
  title: 'Three steps to begin with',
  done: 'That is all there is to it',
  camera: 'Add a camera, and watch the first card arrive.',
  arrive: 'Watch the first card arrive. It comes by itself.',
  take: 'Take it: press A, or the button beside it.',
  enrol: 'Enrol yourself with this device’s camera, and be recognised.',
  dismiss: 'Do not show these steps again',
  ticked: 'Done:',
};
