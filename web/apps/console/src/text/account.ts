export const accountText = {
  menu: (name: string) => `Account of ${name}`,
  signOut: 'Sign out',
  changePassword: 'Change password',
  theme: 'Appearance',
  themes: { auto: 'System', light: 'Light', dark: 'Dark' },
  currentPassword: 'Current password',
  newPassword: 'New password',
  passwordHint: 'At least 10 characters.',
  passwordChanged: 'Your password is changed.',
};
