import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';
import { Button, createTheme } from '@mantine/core';

const signal: MantineColorsTuple = [
  '#e3f8f5', '#c4efe9', '#9be4db', '#6fd9cc', '#4fd1c0', '#2fbcaa', '#169d8d', '#087a6d', '#08695e', '#06534a',
];
const ink: MantineColorsTuple = [
  '#e7edf3', '#c9d3dd', '#aab7c4', '#8696a6', '#55636f', '#313d49', '#1b242e', '#141b24', '#10161d', '#090d12',
];

export const theme = createTheme({
  primaryColor: 'signal',
  primaryShade: { light: 8, dark: 4 },
  colors: { signal, dark: ink },
  fontFamily: "'Geist Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, monospace',
  headings: { fontWeight: '650' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  fontSizes: { xs: '12px', sm: '13.5px', md: '15px', lg: '17px', xl: '20px' },
  components: {
    Button: Button.extend({
      // The library writes white on the primary colour in both schemes; on our light teal that cannot be read.
      vars: (_, { variant = 'filled', color }) => ({
        root: variant === 'filled' && color === undefined ? { '--button-color': 'var(--accent-ink)' } : {},
      }),
    }),
    Modal: {
      // Its header is a heading of the dialog, not a second banner of the page.
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.6, blur: 3 },
        attributes: { header: { role: 'presentation' } },
      },
      styles: { title: { fontSize: 18, fontWeight: 660, letterSpacing: '-0.015em' } },
    },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true } },
  },
});

/** Mantine's own variables follow the tokens, so that there is one place for a colour. */
export const variables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--panel)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--text-faint)',
    '--mantine-color-placeholder': 'var(--text-faint)',
    '--mantine-color-error': 'var(--critical)',
    '--mantine-color-default': 'var(--card)',
    '--mantine-color-default-hover': 'var(--card-hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-red-text': 'var(--critical)',
    '--mantine-color-red-light-color': 'var(--critical)',
    '--mantine-color-red-light': 'var(--critical-soft)',
    '--mantine-color-red-light-hover': 'var(--critical-soft)',
    '--mantine-color-red-filled': 'var(--critical-solid)',
    '--mantine-color-red-filled-hover': 'var(--critical-solid)',
  };
  return { variables: {}, light: shared, dark: shared };
};
