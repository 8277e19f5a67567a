const KEY = 'sightline.remembered';

/** Whether this browser has a cookie that signs it in again. No script can read the cookie itself. */
export function isRemembered(): boolean {
  return window.localStorage.getItem(KEY) !== null;
}

export function setRemembered(remembered: boolean): void {
  if (remembered) window.localStorage.setItem(KEY, 'yes');
  else window.localStorage.removeItem(KEY);
}
