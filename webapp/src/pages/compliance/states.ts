import type { Schemas } from "../../api";

// Each state has a sign, so that nobody needs the colour to tell them apart.
export const states: Record<Schemas["CellOut"]["state"], { sign: string; name: string; tone: string }> = {
  open: { sign: "●", name: "open now", tone: "scaled" },
  dated: { sign: "◐", name: "first legal day known", tone: "piloting" },
  limited: { sign: "◔", name: "small series only", tone: "piloting" },
  unsettled: { sign: "?", name: "not settled, so not allowed", tone: "out" },
  shut: { sign: "✕", name: "no way on record", tone: "exited" },
  "no rules": { sign: "–", name: "no rule file", tone: "out" },
};
