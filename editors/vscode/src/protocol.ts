/** What typethrough's server speaks beyond LSP, as it comes over the wire: server/PROTOCOL.md. */
type Trouble = "rate_limited" | "over_limit" | "error";
/** The server's states, and the last two, which it cannot tell of itself. */
export type Kind = "ready" | "busy" | "local" | "no_key" | Trouble | "off" | "starting" | "stopped";

export interface Status {
  kind: Kind;
  message: string;
  last?: { source: string; latencyMs: number } | null;
  today?: { promptTokens: number; cachedTokens: number; outputTokens: number; dollars: number };
  keptBack?: number;
}

export type Switch = { on: boolean; uri?: string; minutes?: number; scope: "file" | "pause" };
