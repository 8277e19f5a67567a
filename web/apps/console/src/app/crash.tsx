import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';
import { Component, Suspense } from 'react';
import { useLocation } from 'react-router';

import { Empty } from '../feedback/states.tsx';
import { text } from '../text/everywhere.ts';

/** Keeps a page that throws from taking the rest of the console with it; another address is another try. */
export function CrashBoundary({ children }: { children: ReactNode }): ReactElement {
  return <Boundary place={useLocation().pathname}>{children}</Boundary>;
}

/** For what the console can do without: when it breaks, it is not there. */
export function OptionalPart({ children }: { children: ReactNode }): ReactElement {
  return (
    <Boundary quiet>
      <Suspense>{children}</Suspense>
    </Boundary>
  );
}

interface BoundaryProps {
  children: ReactNode;
  quiet?: boolean;
  place?: string;
}

class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: BoundaryProps): void {
    // A page that works keeps its state from one address to the next: which alert comes up is part of that.
    if (before.place !== this.props.place && this.state.error !== null) this.setState({ error: null });
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return this.props.quiet === true ? null : <Crash error={this.state.error} />;
  }
}

function Crash({ error }: { error: Error }): ReactElement {
  return (
    <Empty
      heading="h1"
      icon={<IconAlertTriangle size={30} stroke={1.4} />}
      title={text.errors.crashedTitle}
      action={
        <Button
          onClick={() => {
            window.location.reload();
          }}
        >
          {text.errors.reload}
        </Button>
      }
    >
      {text.errors.crashed}
      <br />
      <small>{error.message}</small>
    </Empty>
  );
}
