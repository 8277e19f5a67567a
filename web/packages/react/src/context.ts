import type { SightlineClient } from '@sightline/client';
import { createContext } from 'react';

export const ClientContext = createContext<SightlineClient | null>(null);
