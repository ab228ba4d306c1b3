/** What typethrough's server speaks beyond LSP, as it comes over the wire: server/PROTOCOL.md. */
import type { Kind } from "./status";

export interface Status {
  kind: Kind;
  message: string;
  last?: { source: string; latencyMs: number } | null;
  today?: { promptTokens: number; cachedTokens: number; outputTokens: number; dollars: number };
}

export type Switch = { on: boolean; uri?: string; minutes?: number; scope: "file" | "pause" };

export interface Entry {
  at: string;
  file: string;
  source: string | null;
  headline: string;
  advice: string;
  totalMs: number;
  stages: { name: string; ms: number }[];
}
