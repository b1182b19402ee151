// The life of a market. Colours are told apart by every common kind of colour vision (Okabe-Ito) and each carries a sign.
export const stages = {
  home: { name: "home", sign: "⌂" },
  out: { name: "out", sign: "○" },
  piloting: { name: "piloting", sign: "◐" },
  stopped: { name: "stopped", sign: "⊘" },
  scaled: { name: "scaled", sign: "●" },
  exited: { name: "exited", sign: "✕" },
} as const;

export type StageName = keyof typeof stages;
