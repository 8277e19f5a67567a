/** Characters; the server's own rule. */
export const SHORTEST_PASSWORD = 10;
