/** What typethrough's server speaks beyond LSP, as it comes over the wire. */

export const STATUS = "$/typethrough/status";
export const SWITCH = "typethrough/switch";
export const WHY = "typethrough/why";
export const DID_SHOW = "textDocument/didShowCompletion";
export const DID_FOCUS = "textDocument/didFocus";

export type Kind = "ready" | "busy" | "local" | "no_key" | "rate_limited" | "over_limit" | "error" | "off";

export interface Status {
  kind: Kind;
  message: string;
  last?: { source: string; latencyMs: number } | null;
  today?: { promptTokens: number; cachedTokens: number; outputTokens: number; dollars: number };
}

export type Switch = { on: boolean } & (
  { scope: "file"; uri: string } | { scope: "pause"; minutes?: number }
);

export interface Entry {
  at: string;
  file: string;
  source: string | null;
  headline: string;
  advice: string;
  totalMs: number;
  stages: { name: string; ms: number }[];
}
