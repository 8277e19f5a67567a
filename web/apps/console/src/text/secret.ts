export const secretText = {
  copy: 'Copy',
  copied: 'Copied',
  done: 'I have it',
};
