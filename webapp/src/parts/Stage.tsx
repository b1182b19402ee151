import { stages, type StageName } from "../stages";

export function Stage({ stage }: { stage: StageName }) {
  return (
    <span className={`stage stage-${stage}`}>
      <i aria-hidden="true">{stages[stage].sign}</i> {stages[stage].name}
    </span>
  );
}
